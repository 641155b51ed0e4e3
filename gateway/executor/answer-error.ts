import { GraphQLError } from 'graphql';
import { isData } from './data.ts';
import type { Data } from './data.ts';
import type { Denial, Fault } from './projection.ts';
import type { ResponsePath } from './target-path.ts';

/**
 * The errors of an answer: those of subgraphs, what the viewer must not see, and values that the schema does not allow
 * where nothing else explains the null.
 */
export function errorsOf(
  reported: readonly GraphQLError[],
  data: Data | null,
  { denied, faults }: { readonly denied: readonly Denial[]; readonly faults: readonly Fault[] },
): readonly GraphQLError[] {
  if (reported.length === 0 && denied.length === 0 && faults.length === 0) return reported;
  const errors = reported.filter(({ path }) => isAsked(data, path ?? []));
  for (const denial of denied) errors.push(unauthorized(denial));
  const explained = errors.map(({ path }) => path ?? []);
  for (const fault of faults) {
    if (!explained.some((path) => explains(path, fault.path))) errors.push(unfit(fault));
  }
  return errors;
}

/** A plan may ask for more than the client did, and what goes wrong there is nothing to the client. */
function isAsked(data: Data | null, path: ResponsePath): boolean {
  let value: unknown = data;
  for (const step of path) {
    if (Array.isArray(value) && typeof step === 'number') value = value[step] as unknown;
    else if (!isData(value) || typeof step !== 'string') return true;
    else if (!Object.hasOwn(value, step)) return false;
    else value = value[step];
  }
  return true;
}

/** An error at a place explains nulls below it, and those above that it led to. Paths of whole calls have no indexes. */
function explains(path: ResponsePath, place: ResponsePath): boolean {
  const isExact = path.some((step) => typeof step === 'number');
  const compared = isExact ? place : place.filter((step) => typeof step === 'string');
  const length = Math.min(path.length, compared.length);
  for (let at = 0; at < length; at += 1) if (path[at] !== compared[at]) return false;
  return true;
}

/** The contract asks for more than the viewer has: the field is null, and this stands beside it. */
export function unauthorized({ path, coordinate }: Denial): GraphQLError {
  const message = `You may not see ${coordinate}. Ask for the scope or role that its description names.`;
  const extensions = { code: 'UNAUTHORIZED_FIELD_OR_TYPE', service: 'gateway' };
  return new GraphQLError(message, { path, extensions });
}

function unfit({ path, message }: Fault): GraphQLError {
  return new GraphQLError(`A subgraph answered against its schema: ${message}`, {
    path,
    extensions: { code: 'UPSTREAM_UNFIT', service: 'gateway' },
  });
}
