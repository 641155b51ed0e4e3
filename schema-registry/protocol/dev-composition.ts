import { sha256 } from '#kernel/id.ts';
import { WorkshopExhausted } from '../composition/workshop.ts';
import type { Workshop } from '../composition/workshop.ts';

/** A contract of the graph. */
export interface MemberText {
  readonly subgraph: string;
  readonly url: string;
  readonly sdl: string;
}

/** Composes contracts and stores nothing: for those who run a graph on their own machine. */
export async function composeTexts(
  workshop: Workshop,
  members: readonly MemberText[],
): Promise<
  | { readonly ok: true; readonly supergraphSdl: string }
  | { readonly ok: false; readonly errors: readonly string[] }
> {
  const texts = new Map(members.map(({ sdl }) => [sha256(sdl), sdl]));
  try {
    const analysis = await workshop.run<'analyse'>(
      {
        kind: 'analyse',
        members: members.map(({ subgraph, url, sdl }) => ({ subgraph, url, sha256: sha256(sdl) })),
        changed: [],
        before: null,
        contracts: [],
        policy: { rules: {} },
        owners: {},
        references: [],
        withTexts: true,
      },
      (hashes) =>
        Promise.resolve(Object.fromEntries(hashes.map((hash) => [hash, texts.get(hash) ?? '']))),
    );
    if (analysis.ok) return { ok: true, supergraphSdl: analysis.texts?.supergraph.sdl ?? '' };
    return {
      ok: false,
      errors: analysis.errors.map(({ code, message }) => `${message} (${code})`),
    };
  } catch (error) {
    if (!(error instanceof WorkshopExhausted)) throw error;
    return { ok: false, errors: [`${error.message} (${error.code})`] };
  }
}
