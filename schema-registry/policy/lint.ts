import { Kind } from 'graphql';
import { errorText } from '#kernel/log.ts';
import { coordinateIndex } from './coordinate-index.ts';
import { definitionOf } from './element.ts';
import { runEslint } from './eslint-rules.ts';
import { elementsWithin, lintSource } from './lint-context.ts';
import { OWN_CHECKS } from './own-rules.ts';
import { activeRules } from './rules.ts';
import type { ASTNode, DocumentNode } from 'graphql';
import type { Finding } from '../check/result.ts';
import type { Check, LintContext, Owners } from './lint-context.ts';
import type { TargetPolicy } from './target-policy.ts';

/** One subgraph as it was sent, what of it is new, and what its target asks of it. */
export interface SubgraphLint {
  readonly subgraph: string;
  /** The SDL as it was sent, parsed with locations. */
  readonly document: DocumentNode;
  /** Only these are held against the policy; null holds all. */
  readonly changedCoordinates: ReadonlySet<string> | null;
  readonly policy: Pick<TargetPolicy, 'rules'>;
  readonly owners: Owners;
}

/** Nobody reads more at once, and a result is stored. */
const FINDINGS_MAX = 500;

/**
 * What the policy's rules have against the coordinates that changed, by their place in the SDL. What was wrong before and did
 * not change is counted in one INFO finding. A rule that breaks down is a finding `RULE_FAILED` with the rule's name; the
 * others are run all the same.
 */
export function lintSubgraph(input: SubgraphLint): Finding[] {
  const { changedCoordinates: changed, document } = input;
  if (changed?.size === 0) return [];
  const definitions = changed === null ? null : new Set([...changed].map(definitionOf));
  const source = lintSource(document);
  const context: LintContext = {
    ...source,
    subgraph: input.subgraph,
    owners: input.owners,
    elements: elementsWithin(source, definitions),
    isChanged: (coordinate) => changed?.has(coordinate) ?? true,
  };
  const active = activeRules('SUBGRAPH', input.policy.rules);
  const found = [...ownFindings(context, active), ...eslintFindings(context, definitions, active)];
  const fresh = found.filter(
    ({ code, coordinate }) =>
      changed === null ||
      code === 'RULE_FAILED' ||
      (coordinate !== null && changed.has(coordinate)),
  );
  return bounded(fresh.sort(byPlace), found.length - fresh.length, input.subgraph);
}

type Active = ReadonlyMap<string, 'ERROR' | 'WARNING'>;

function ownFindings(context: LintContext, active: Active): Finding[] {
  return [...OWN_CHECKS].flatMap(([rule, check]) => {
    const severity = active.get(rule);
    return severity === undefined ? [] : guarded(rule, severity, check, context);
  });
}

function guarded(
  rule: string,
  severity: 'ERROR' | 'WARNING',
  check: Check,
  context: LintContext,
): Finding[] {
  try {
    return [...check(context)].map(({ coordinate, node, message }) => ({
      ...finding(context.subgraph, { severity, code: rule, message, coordinate }),
      ...placeOf(node),
    }));
  } catch (error) {
    return [ruleFailed(context.subgraph, { rule, severity, reason: errorText(error) })];
  }
}

function eslintFindings(
  context: LintContext,
  definitions: ReadonlySet<string> | null,
  active: Active,
): Finding[] {
  const ruleIds = [...active.keys()].filter((rule) => !OWN_CHECKS.has(rule));
  try {
    const coordinateAt = coordinateIndex(context.elements);
    const { messages, failed } = runEslint(context, definitions, ruleIds);
    return [
      ...failed.map(({ rule, reason }) =>
        ruleFailed(context.subgraph, { rule, reason, severity: active.get(rule) ?? 'ERROR' }),
      ),
      ...messages.map(({ rule, message, line, column }) => ({
        ...finding(context.subgraph, {
          severity: active.get(rule) ?? 'ERROR',
          code: rule,
          message: sentence(message),
          coordinate: coordinateAt(line, column),
        }),
        line,
        column,
      })),
    ];
  } catch (error) {
    const failure = {
      rule: 'graphql-eslint',
      severity: 'ERROR',
      reason: errorText(error),
    } as const;
    return [ruleFailed(context.subgraph, failure)];
  }
}

/** A name in an SDL may be as long as the SDL; a message that quotes it need not be. */
const MESSAGE_CHARACTERS_MAX = 1000;

function finding(
  subgraph: string,
  said: Pick<Finding, 'severity' | 'code' | 'message' | 'coordinate'>,
): Finding {
  const { message } = said;
  const short =
    message.length > MESSAGE_CHARACTERS_MAX
      ? `${message.slice(0, MESSAGE_CHARACTERS_MAX)}…`
      : message;
  return { ...said, message: short, subgraph, line: null, column: null, contract: null };
}

/** As heavy as the rule: what could not be held against an SDL has not been kept by it. */
function ruleFailed(
  subgraph: string,
  failure: {
    readonly rule: string;
    readonly severity: 'ERROR' | 'WARNING';
    readonly reason: string;
  },
): Finding {
  const { rule, severity, reason } = failure;
  return finding(subgraph, {
    severity,
    code: 'RULE_FAILED',
    message: `The rule "${rule}" broke down on this SDL (${reason}), so it was not held against it. Simplify the definition, or turn the rule off in the target's policy.`,
    coordinate: null,
  });
}

/** Where the name stands; a directive, a type reference or a schema stands where it starts. */
function placeOf(node: ASTNode): Pick<Finding, 'line' | 'column'> {
  const named = 'name' in node && node.name?.kind === Kind.NAME && node.kind !== Kind.NAMED_TYPE;
  const start = (named && node.kind !== Kind.DIRECTIVE ? node.name.loc : node.loc)?.startToken;
  return { line: start?.line ?? null, column: start?.column ?? null };
}

function sentence(message: string): string {
  const line = message
    .split('\n')
    .map((part) => part.trim())
    .join(' ');
  return /[.!?]$/.test(line) ? line : `${line}.`;
}

const WEIGHT: Readonly<Record<Finding['severity'], number>> = { ERROR: 0, WARNING: 1, INFO: 2 };

function byPlace(a: Finding, b: Finding): number {
  return (
    (a.line ?? 0) - (b.line ?? 0) ||
    (a.column ?? 0) - (b.column ?? 0) ||
    a.code.localeCompare(b.code)
  );
}

function bounded(findings: readonly Finding[], older: number, subgraph: string): Finding[] {
  const worst = [...findings].sort((a, b) => WEIGHT[a.severity] - WEIGHT[b.severity]);
  const told = worst.slice(0, FINDINGS_MAX);
  const notes: Finding[] = [];
  if (worst.length > told.length)
    notes.push(
      finding(subgraph, {
        severity: 'INFO',
        code: 'FINDINGS_LEFT_OUT',
        message: `${worst.length - told.length} more findings are left out; the worst ${FINDINGS_MAX} are told.`,
        coordinate: null,
      }),
    );
  if (older > 0)
    notes.push(
      finding(subgraph, {
        severity: 'INFO',
        code: 'LINT_BASELINE',
        message: `${older} older ${older === 1 ? 'finding' : 'findings'} beside what changed ${older === 1 ? 'is' : 'are'} not held against this change.`,
        coordinate: null,
      }),
    );
  return [...told, ...notes];
}
