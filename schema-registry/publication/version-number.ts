import type { LevelProof, VersionLevel } from '../composition/subgraph-diff.ts';

/** A semantic version without pre-release or build: `major.minor.patch`. */
export interface VersionNumber {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

const SEMANTIC = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/;

/** Reads `1.2.3`; null when it is something else. */
export function parseVersion(text: string): VersionNumber | null {
  const [, major, minor, patch] = SEMANTIC.exec(text) ?? [];
  return major === undefined
    ? null
    : { major: Number(major), minor: Number(minor), patch: Number(patch) };
}

export function formatVersion({ major, minor, patch }: VersionNumber): string {
  return `${major}.${minor}.${patch}`;
}

/** Negative when `a` is the lower one. */
export function compareVersions(a: VersionNumber, b: VersionNumber): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

export const FIRST_VERSION = '1.0.0';

/**
 * The version of a change on top of `base`: the next one of that level that was never given away. After a rollback the
 * numbers above `base` are taken by contents that differ, so the number is searched among all of `used`. What was taken out
 * and comes again has no base: who knew it before finds something else, which is a major.
 */
export function nextVersion(
  base: string | null,
  level: VersionLevel,
  used: readonly string[],
): string {
  const taken = used.map(parseVersion).filter((version) => version !== null);
  const highest = (values: readonly number[], least: number): number => Math.max(least, ...values);
  const from = base === null ? null : parseVersion(base);
  if (from === null && taken.length === 0) return FIRST_VERSION;
  if (from === null || level === 'MAJOR') {
    const major =
      highest(
        taken.map((version) => version.major),
        from?.major ?? 0,
      ) + 1;
    return formatVersion({ major, minor: 0, patch: 0 });
  }
  const siblings = taken.filter(({ major }) => major === from.major);
  if (level === 'MINOR') {
    const minor =
      highest(
        siblings.map((version) => version.minor),
        from.minor,
      ) + 1;
    return formatVersion({ major: from.major, minor, patch: 0 });
  }
  const twins = siblings.filter(({ minor }) => minor === from.minor);
  const patch =
    highest(
      twins.map((version) => version.patch),
      from.patch,
    ) + 1;
  return formatVersion({ major: from.major, minor: from.minor, patch });
}

/** Why a version that a publisher stated cannot be given; null when it can. */
export function statedVersionFlaw(of: {
  readonly subgraph: string;
  readonly stated: string;
  readonly computed: string;
  readonly proof: LevelProof;
  readonly used: readonly string[];
}): { readonly code: string; readonly message: string } | null {
  const stated = parseVersion(of.stated);
  const computed = parseVersion(of.computed);
  if (stated === null || computed === null)
    return {
      code: 'VERSION_INVALID',
      message: `"${of.stated}" is not a semantic version. Write it as ${of.computed}.`,
    };
  if (of.used.includes(of.stated))
    return {
      code: 'VERSION_TAKEN',
      message: `Version ${of.stated} of "${of.subgraph}" was published already. State ${of.computed} or none.`,
    };
  if (compareVersions(stated, computed) >= 0) return null;
  return {
    code: 'VERSION_UNDERSTATED',
    message: `Version ${of.stated} of "${of.subgraph}" understates the change, which needs at least ${of.computed} (${of.proof.level.toLowerCase()}): ${of.proof.because}`,
  };
}
