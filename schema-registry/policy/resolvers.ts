import { accepted } from '#kernel/problem.ts';
import { answerOf } from '#kernel/subgraph.ts';
import { readTarget } from '../proposal/asking.ts';
import { changePolicy } from './policy-command.ts';
import { readPolicyVersion } from './policy-store.ts';
import { RULES } from './rules.ts';
import type { PolicyRule, Resolvers, TargetPolicy } from '../generated.ts';
import type { PolicyVersion } from './policy-store.ts';
import type { Rule } from './rules.ts';

export const policyResolvers = {
  Query: {
    policy: async (_parent, args, context) => {
      const target = await readTarget(context, args.target);
      return policyAnswer(await readPolicyVersion(context.database, target));
    },
    policyRules: () => RULES.map(ruleAnswer),
  },
  Mutation: {
    changePolicy: async (_parent, { input }, context) => {
      const { idempotencyKey, target, expectedVersion, ...patch } = input;
      const result = await changePolicy(context, {
        idempotencyKey,
        target,
        expectedVersion,
        patch,
      });
      const answer = result.ok
        ? accepted({ policy: policyAnswer(result.value.version), settings: result.value.settings })
        : result;
      return answerOf(answer, 'PolicyChange', context.correlationId);
    },
  },
} satisfies Resolvers;

function policyAnswer({ policy, decisions, ...change }: PolicyVersion): TargetPolicy {
  const { rules, ...sections } = policy;
  const decided = decisions['rules'] ?? {};
  return {
    ...sections,
    version: change.version,
    updatedBy: change.updatedBy,
    updatedAt: change.updatedAt,
    rules: RULES.map((rule) => ({
      rule: ruleAnswer(rule),
      severity: rules[rule.id] ?? rule.severity.strict,
      decided: Object.hasOwn(decided, rule.id),
    })),
  };
}

function ruleAnswer({ id, source, scope, severity, why }: Rule): PolicyRule {
  return {
    id,
    source: source === 'concord' ? 'CONCORD' : 'GRAPHQL_ESLINT',
    scope,
    why,
    page: `docs/policies/rules/${id}.md`,
    strictSeverity: severity.strict,
    developmentSeverity: severity.development,
  };
}
