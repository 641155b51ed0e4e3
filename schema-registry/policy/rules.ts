import type { Severity } from './target-policy.ts';

/** What a rule looks at: one subgraph's SDL as it was sent, the composed graph, or what a contract lets through. */
export type RuleScope = 'SUBGRAPH' | 'SUPERGRAPH' | 'CONTRACT';

/** A rule that a change can break. Its page is `docs/policies/rules/<id>.md`. */
export interface Rule {
  /** Also the code of its findings. */
  readonly id: string;
  /** Whose implementation runs: graphql-eslint's, or ours. */
  readonly source: 'graphql-eslint' | 'concord';
  readonly scope: RuleScope;
  /** How much it weighs where the target's policy does not say; targets that are not for development are strict. */
  readonly severity: { readonly strict: Severity; readonly development: Severity };
  /** One line: what goes wrong without it, or why it is off. */
  readonly why: string;
}

const ALWAYS: Rule['severity'] = { strict: 'ERROR', development: 'ERROR' };
const STRICT: Rule['severity'] = { strict: 'ERROR', development: 'WARNING' };
const ADVICE: Rule['severity'] = { strict: 'WARNING', development: 'WARNING' };
const ON_DEMAND: Rule['severity'] = { strict: 'OFF', development: 'OFF' };

type Row = readonly [id: string, severity: Rule['severity'], why: string];

const GRAPHQL_ESLINT: readonly Row[] = [
  [
    'known-argument-names',
    ALWAYS,
    'An argument that a directive does not have is lost or refused.',
  ],
  ['known-directives', ALWAYS, 'A directive that nobody defines is a promise that nobody keeps.'],
  ['known-type-names', ALWAYS, 'A type that does not exist cannot be composed.'],
  ['lone-schema-definition', ALWAYS, 'Two schema definitions leave open where operations start.'],
  ['possible-type-extension', ALWAYS, 'An extension must be of the kind that it extends.'],
  ['provided-required-arguments', ALWAYS, 'A directive without a required argument says nothing.'],
  ['unique-directive-names', ALWAYS, 'Two definitions of a directive contradict each other.'],
  [
    'unique-directive-names-per-location',
    ALWAYS,
    'A directive that may not repeat counts once only.',
  ],
  ['unique-field-definition-names', ALWAYS, 'Two fields of one name cannot both be served.'],
  ['unique-operation-types', ALWAYS, 'Each kind of operation starts at one type.'],
  ['unique-type-names', ALWAYS, 'Two types of one name cannot both be meant.'],
  [
    'unique-enum-value-names',
    STRICT,
    'Values that differ in case only become one in many languages.',
  ],
  [
    'naming-convention',
    STRICT,
    'One way to write names lets a reader tell types, fields and values apart.',
  ],
  [
    'no-hashtag-description',
    STRICT,
    'A comment before a definition is a description that readers never see.',
  ],
  ['no-typename-prefix', ADVICE, 'A field need not repeat the name of its type.'],
  [
    'input-name',
    STRICT,
    'One argument named `input` lets generic clients and logs treat all mutations alike.',
  ],
  ['relay-arguments', STRICT, 'A connection that cannot be paged forward is an unbounded list.'],
  [
    'relay-connection-types',
    STRICT,
    'Clients page by the shape of a connection, so every one has it.',
  ],
  [
    'require-nullable-fields-with-oneof',
    ALWAYS,
    'Exactly one field of a @oneOf input is given; none may be required.',
  ],
  [
    'alphabetize',
    ON_DEMAND,
    'Off: related fields belong together, which the alphabet does not know.',
  ],
  [
    'description-style',
    ON_DEMAND,
    'Off: both ways to quote a description read the same to clients.',
  ],
  [
    'no-root-type',
    ON_DEMAND,
    'Off: for read-only graphs that must not have mutations or subscriptions.',
  ],
  ['no-scalar-result-type-on-mutation', ON_DEMAND, 'Off: `mutation-result` asks for more.'],
  [
    'require-deprecation-date',
    ON_DEMAND,
    'Off: the date stands in `@sunset(on:)`, which the registry enforces.',
  ],
  ['require-deprecation-reason', ON_DEMAND, 'Off: `deprecation-reason` asks for more.'],
  ['require-description', ON_DEMAND, 'Off: `described` asks for more.'],
  [
    'require-field-of-type-query-in-mutation-result',
    ON_DEMAND,
    'Off: a success member gives the changed document, from which everything can be reached.',
  ],
  [
    'require-nullable-result-in-root',
    ON_DEMAND,
    'Off: a mutation that answers a result union always has an answer, so it is not null.',
  ],
  [
    'require-type-pattern-with-oneof',
    ON_DEMAND,
    'Off: results are unions here, not @oneOf objects.',
  ],
  ['strict-id-in-types', ON_DEMAND, 'Off: values such as money have no identity.'],
];

const OURS: readonly (readonly [...Row, scope: RuleScope])[] = [
  [
    'described',
    STRICT,
    'What is not described is guessed, by each client differently.',
    'SUBGRAPH',
  ],
  [
    'owned',
    ADVICE,
    'A type without an owner has nobody to ask; a warning, because owners are often named after the first publication.',
    'SUBGRAPH',
  ],
  ['no-float-for-money', ALWAYS, 'Binary fractions lose cents.', 'SUBGRAPH'],
  ['no-float', ADVICE, 'A Float is seldom exact enough for what finance counts.', 'SUBGRAPH'],
  [
    'lists-paged',
    STRICT,
    'A list without a bound grows until it takes the gateway down.',
    'SUBGRAPH',
  ],
  [
    'mutation-result',
    STRICT,
    'A refusal that is not in the schema is a string that clients must parse.',
    'SUBGRAPH',
  ],
  [
    'auth-on-leaf',
    ALWAYS,
    'Most gateways look at fields, objects and interfaces only: behind them the directive on a scalar or enum protects nothing.',
    'SUBGRAPH',
  ],
  [
    'deprecation-reason',
    STRICT,
    'A deprecation must tell its readers what to do instead.',
    'SUBGRAPH',
  ],
  [
    'sunset-without-deprecation',
    ALWAYS,
    'Tools warn of what is deprecated only, so a sunset alone surprises everybody.',
    'SUBGRAPH',
  ],
  [
    'relay-edge-types',
    STRICT,
    'Clients find the item and its cursor by the shape of an edge.',
    'SUBGRAPH',
  ],
  [
    'relay-page-info',
    STRICT,
    'Clients ask PageInfo whether there is more, whatever the list.',
    'SUBGRAPH',
  ],
  [
    'no-unreachable-types',
    STRICT,
    'A type that no operation reaches is code that nobody can call.',
    'SUPERGRAPH',
  ],
  [
    'classification-exposed',
    ALWAYS,
    'What a contract forbids must not be seen through it, directly or by inheritance.',
    'CONTRACT',
  ],
];

/** Every rule that a target's policy may weigh. */
export const RULES: readonly Rule[] = [
  ...GRAPHQL_ESLINT.map(([id, severity, why]): Rule => ({
    id,
    source: 'graphql-eslint',
    scope: 'SUBGRAPH',
    severity,
    why,
  })),
  ...OURS.map(([id, severity, why, scope]): Rule => ({
    id,
    source: 'concord',
    scope,
    severity,
    why,
  })),
];

/** Rule id → severity, as a target of that name has it before anybody decides otherwise. */
export function defaultSeverities(targetSlug: string): Readonly<Record<string, Severity>> {
  const kind = targetSlug === 'development' ? 'development' : 'strict';
  return Object.fromEntries(RULES.map((rule) => [rule.id, rule.severity[kind]]));
}

/** The rules of a scope that are not off, with what each weighs by these severities. */
export function activeRules(
  scope: RuleScope,
  severities: Readonly<Record<string, Severity>>,
): ReadonlyMap<string, 'ERROR' | 'WARNING'> {
  const active = new Map<string, 'ERROR' | 'WARNING'>();
  for (const rule of RULES) {
    const severity = severities[rule.id] ?? rule.severity.strict;
    if (rule.scope === scope && severity !== 'OFF') active.set(rule.id, severity);
  }
  return active;
}
