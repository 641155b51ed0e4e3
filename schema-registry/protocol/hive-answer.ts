import { changeText, errorTexts, findingsOf, findingText } from './check-answer.ts';
import type { CheckResult, SchemaChange } from '../check/result.ts';
import type { ServedMember, ServedVersion } from './served-version.ts';

/** A check's parts in the shapes of the Hive CLI's documents. */
export function hiveErrors(texts: readonly string[]): object {
  return { edges: texts.map((message) => ({ node: { message } })) };
}

export function hiveChanges(changes: readonly SchemaChange[]): object {
  return { edges: changes.map((change) => ({ node: hiveChange(change) })) };
}

export function hiveWarnings(result: CheckResult): object {
  const nodes = findingsOf(result, 'WARNING').map((finding) => ({
    message: findingText(finding),
    source: finding.coordinate ?? finding.subgraph ?? finding.step,
    line: finding.line ?? 1,
    column: finding.column ?? 1,
  }));
  return { nodes, total: nodes.length };
}

export function hiveCheckSuccess(id: string, result: CheckResult, initial: boolean): object {
  return {
    __typename: 'SchemaCheckSuccess',
    valid: true,
    initial,
    changes: hiveChanges(result.changes),
    warnings: hiveWarnings(result),
    schemaCheck: { id, webUrl: null },
  };
}

export function hiveCheckFailure(id: string, result: CheckResult): object {
  return {
    __typename: 'SchemaCheckError',
    valid: false,
    changes: hiveChanges(result.changes),
    warnings: hiveWarnings(result),
    errors: hiveErrors(errorTexts(result)),
    schemaCheck: { id, webUrl: null },
  };
}

/** A check whose input was refused: nothing was stored. */
export function hiveCheckRefusal(texts: readonly string[]): object {
  return {
    __typename: 'SchemaCheckError',
    valid: false,
    changes: null,
    warnings: null,
    errors: hiveErrors(texts),
    schemaCheck: null,
  };
}

export function hiveVersion(
  version: ServedVersion,
  members: () => Promise<ServedMember[]>,
): object {
  return {
    id: version.id,
    isValid: true,
    sdl: version.apiSdl,
    supergraph: version.supergraphSdl,
    schemas: async () => ({
      edges: (await members()).map((member) => ({ node: hiveMember(member) })),
    }),
  };
}

function hiveMember(member: ServedMember): object {
  return {
    __typename: 'CompositeSchema',
    id: `${member.subgraph}@${member.version}`,
    date: member.publishedAt.toISOString(),
    url: member.url,
    service: member.subgraph,
    source: member.sdl,
  };
}

function hiveChange(change: SchemaChange): object {
  const text = changeText(change);
  const safeByUsage = change.severity === 'BREAKING' && change.acceptedBy === 'NO_USAGE';
  const apps = new Set(
    change.usage?.documents.map((document) => `${document.app}~${document.version}`),
  );
  return {
    severityLevel: change.severity,
    isSafeBasedOnUsage: safeByUsage,
    message: (args: { withSafeBasedOnUsageNote: boolean | null }) =>
      safeByUsage && args.withSafeBasedOnUsageNote === true
        ? `${text} (safe based on usage)`
        : text,
    approval:
      change.acceptedBy === 'OVERRIDE'
        ? { approvedBy: { displayName: 'two people, by an override' } }
        : null,
    affectedAppDeployments: { totalCount: apps.size },
  };
}
