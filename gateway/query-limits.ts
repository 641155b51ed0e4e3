import { GraphQLError } from 'graphql';
import { SATURATION } from './saturation.ts';
import type { QueryLimits } from './gateway-limits.ts';
import type { Measures } from './query-measure.ts';

/** One limit on what a query may ask for: how it is told, and what helps. */
interface Rule {
  readonly limit: keyof QueryLimits;
  readonly measure: keyof Measures;
  readonly code: string;
  readonly what: string;
  readonly advice: string;
}

const RULES: readonly Rule[] = [
  {
    limit: 'depth',
    measure: 'depth',
    code: 'QUERY_TOO_DEEP',
    what: 'levels of nested fields',
    advice: 'Ask for the inner part in an operation of its own, by id.',
  },
  {
    limit: 'rootFields',
    measure: 'width',
    code: 'TOO_MANY_ROOT_FIELDS',
    what: 'root fields',
    advice: 'Send several operations.',
  },
  {
    limit: 'aliases',
    measure: 'aliases',
    code: 'TOO_MANY_ALIASES',
    what: 'aliases',
    advice: 'Ask for a list, or send several operations.',
  },
  {
    limit: 'directives',
    measure: 'directives',
    code: 'TOO_MANY_DIRECTIVES',
    what: 'directives',
    advice: 'Take out those that always hold.',
  },
  {
    limit: 'repeats',
    measure: 'repeats',
    code: 'FIELD_REPEATED',
    what: 'repetitions of one field in one selection set',
    advice: 'Ask for each field once.',
  },
  {
    limit: 'fields',
    measure: 'fields',
    code: 'TOO_MANY_FIELDS',
    what: 'fields after fragments are expanded',
    advice: 'Spread each fragment where it is needed only.',
  },
  {
    limit: 'pageSize',
    measure: 'pageSize',
    code: 'PAGE_TOO_LARGE',
    what: 'entries per page ("first" or "last")',
    advice: 'Ask for the next page with the cursor.',
  },
  {
    limit: 'cost',
    measure: 'cost',
    code: 'QUERY_TOO_COSTLY',
    what: 'objects in the answer, by its page sizes',
    advice: 'Ask for smaller pages.',
  },
];

/** The first limit that the measures exceed, as a refusal; null when all are kept. */
export function exceededLimit(measures: Measures, limits: QueryLimits): GraphQLError | null {
  for (const rule of RULES) {
    const measured = measures[rule.measure];
    if (measured > limits[rule.limit]) {
      return refusal(rule.code, { ...rule, most: limits[rule.limit], measured });
    }
  }
  return null;
}

/** Too many fragments to be compared with one another. */
export function tooManyFragments(most: number, measured: number): GraphQLError {
  const advice = 'Write those that are used once in place.';
  return refusal('TOO_MANY_FRAGMENTS', {
    limit: 'fragments',
    what: 'fragments',
    most,
    measured,
    advice,
  });
}

/** The parser gave up; how many tokens there are was never counted. */
export function tooManyTokens(most: number): GraphQLError {
  const message = `At most ${most} tokens are read of one operation, and this one has more. Send several operations.`;
  return new GraphQLError(message, { extensions: { code: 'QUERY_TOO_LONG', limit: most } });
}

/** The text is longer than is looked at. */
export function textTooLong(most: number, measured: number): GraphQLError {
  const what = 'bytes of query text';
  const advice = 'Put values into variables.';
  return refusal('QUERY_TOO_LONG', { limit: 'tokens', what, most, measured, advice });
}

function refusal(
  code: string,
  of: {
    readonly limit: keyof QueryLimits;
    readonly what: string;
    readonly most: number;
    readonly measured: number;
    readonly advice: string;
  },
): GraphQLError {
  const figure = of.measured >= SATURATION ? `more than ${SATURATION}` : String(of.measured);
  const message = `At most ${of.most} ${of.what} are allowed, this operation has ${figure}. ${of.advice}`;
  return new GraphQLError(message, { extensions: { code, limit: of.most, measured: of.measured } });
}
