import { invalidInput, refused, accepted } from '#kernel/problem.ts';
import { sha256 } from '#kernel/id.ts';
import type { FieldError, InvalidInput, Result } from '#kernel/problem.ts';
import type { ChangeRequest, SubgraphInput, SupergraphVersion } from '../commands.ts';
import type { Member } from '../composition/compose.ts';
import type { ChangedSubgraph } from '../composition/analysis.ts';

/** The graph as a request would have it. */
export interface Proposed {
  readonly members: readonly Member[];
  /** The subgraphs that differ from what is current in contract or address. */
  readonly changed: readonly ChangedSubgraph[];
  /** Text by hash of what was sent. */
  readonly texts: ReadonlyMap<string, string>;
  /** Versions that publishers state, by subgraph. */
  readonly stated: ReadonlyMap<string, string>;
}

/** A contract larger than this is not one that people wrote; ours have about 60 kB. */
export const SDL_MAX_BYTES = 1024 * 1024;
/** A large graph as a whole, as a promotion brings it. */
const SUBGRAPHS_MAX = 1_000;
export const SUBGRAPH_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** Puts a request on top of what is current, or says what is wrong with the request itself. */
export function propose(
  current: SupergraphVersion | null,
  request: Pick<ChangeRequest, 'put' | 'retire'>,
): Result<Proposed, InvalidInput> {
  const known = new Map((current?.members ?? []).map((member) => [member.subgraph, member]));
  const flaws = flawsOf(request, (subgraph) => known.has(subgraph));
  if (flaws.length > 0) return refused(invalidInput(flaws));
  const members = new Map<string, Member>(
    [...known.values()].map(({ subgraph, url, sha256: hash }) => [
      subgraph,
      { subgraph, url, sha256: hash },
    ]),
  );
  for (const subgraph of request.retire) members.delete(subgraph);
  for (const { subgraph, sdl, url } of request.put) {
    const address = url ?? known.get(subgraph)?.url ?? '';
    members.set(subgraph, { subgraph, url: address, sha256: sha256(sdl) });
  }
  const changed = [...new Set([...members.keys(), ...known.keys()])].flatMap((subgraph) => {
    const before = known.get(subgraph);
    const after = members.get(subgraph);
    return before?.sha256 === after?.sha256 && before?.url === after?.url
      ? []
      : [{ subgraph, before: before?.sha256 ?? null, after: after?.sha256 ?? null }];
  });
  return accepted({
    members: [...members.values()].sort((a, b) => (a.subgraph < b.subgraph ? -1 : 1)),
    changed,
    texts: new Map(request.put.map(({ sdl }) => [sha256(sdl), sdl])),
    stated: new Map(
      request.put.flatMap(({ subgraph, version }) =>
        version === null ? [] : [[subgraph, version] as const],
      ),
    ),
  });
}

function flawsOf(
  { put, retire }: Pick<ChangeRequest, 'put' | 'retire'>,
  isKnown: (subgraph: string) => boolean,
): FieldError[] {
  const flaws: FieldError[] = [];
  if (put.length + retire.length > SUBGRAPHS_MAX)
    flaws.push(flaw('subgraphs', 'TOO_MANY', `At most ${SUBGRAPHS_MAX} subgraphs change at once.`));
  const names = [...put.map(({ subgraph }) => subgraph), ...retire];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    flaws.push(flaw('subgraphs', 'NAMED_TWICE', `"${twice}" occurs more than once.`));
  for (const subgraph of retire.filter((name) => !isKnown(name)))
    flaws.push(flaw('retire', 'UNKNOWN_SUBGRAPH', `There is no subgraph "${subgraph}" here.`));
  return [
    ...flaws,
    ...put.flatMap((input, index) => inputFlaws(input, `subgraphs.${index}`, isKnown)),
  ];
}

function inputFlaws(
  { subgraph, sdl, url }: SubgraphInput,
  path: string,
  isKnown: (subgraph: string) => boolean,
): FieldError[] {
  const flaws: FieldError[] = [];
  if (!SUBGRAPH_NAME.test(subgraph)) {
    const message =
      'Letters, digits, hyphens and underscores are expected, at most 64, a letter first.';
    flaws.push(flaw(`${path}.subgraph`, 'INVALID_NAME', message));
  }
  if (url === null && !isKnown(subgraph))
    flaws.push(
      flaw(
        `${path}.url`,
        'URL_MISSING',
        `The first publication of "${subgraph}" needs its address.`,
      ),
    );
  if (url !== null && !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    flaws.push(flaw(`${path}.url`, 'INVALID_URL', 'An http or https address is expected.'));
  if (Buffer.byteLength(sdl) > SDL_MAX_BYTES)
    flaws.push(flaw(`${path}.sdl`, 'TOO_LARGE', `At most ${SDL_MAX_BYTES} bytes are accepted.`));
  return flaws;
}

function flaw(field: string, code: string, message: string): FieldError {
  return { field, code, message };
}
