import { DAY_MS, shifted } from '#kernel/clock.ts';
import { createToken, revokeToken } from './access/token-command.ts';
import { publishEventContracts } from './event-contract/publication.ts';
import { createGraph } from './graph/graph.ts';
import { govern } from './governance.ts';
import { currentVersion } from './publication/version-store.ts';
import { findTarget } from './target.ts';
import { apiSchemaOf } from './usage/api-schema.ts';
import type { Result } from '#kernel/problem.ts';
import type { RegistryAction } from '#kernel/identity.ts';
import type { Principal } from './access/principal.ts';
import type { CheckResult } from './check/result.ts';
import type { SubgraphInput } from './commands.ts';
import type { Governance } from './governance.ts';
import type { EventContractInput } from './event-contract/event-type.ts';
import type { RegistryParts } from './registry.ts';
import type { Target } from './target.ts';

/** What a hub that has the registry in its own process does with it, in the registry's own name. */
export interface Household {
  /** The target, made together with its graph when it is not there. */
  ensureTarget(name: { readonly graph: string; readonly target: string }): Promise<Target>;
  /** Publishes contracts together. Refusals are told, not thrown: a graph that was published before goes on. */
  publishAll(target: Target, contracts: readonly HouseContract[]): Promise<HousePublication>;
  publishEvents(
    target: Target,
    contracts: readonly EventContractInput[],
  ): Promise<HousePublication>;
  /**
   * Sets owners and contracts where they are not as wanted, so that a second start changes nothing. What somebody else has
   * set stays as they want it. Answers with why any was refused, a line each.
   */
  govern(target: Target, wanted: Governance): Promise<readonly string[]>;
  /** A token for a part of the hub, such as its gateway; it lives as long as the hub is expected to run. */
  issueToken(target: Target, title: string, actions: readonly RegistryAction[]): Promise<string>;
  /** Ids of the keys that sign artefacts, to be trusted by whoever is started together with the registry. */
  keyIds(): Promise<readonly string[]>;
}

export interface HouseContract {
  readonly subgraph: string;
  readonly url: string;
  readonly sdl: string;
}

export interface HousePublication {
  /** Whether anything is current in the target now. */
  readonly isServed: boolean;
  /** Why it was refused, a line each; empty when it was published. */
  readonly refusals: readonly string[];
}

const HUB: Principal = { id: 'hub', name: 'The hub', kind: 'service', allows: () => true };
/** As long as a token may live; a hub that runs longer makes another one when it is started again. */
const TOKEN_DAYS = 400;
const REFUSALS_TOLD = 10;

export function createHousehold(parts: RegistryParts): Household {
  const { database, clock } = parts;
  const asking = { database, clock, principal: HUB };
  const served = async (target: Target): Promise<boolean> =>
    (await currentVersion(database, target.id)) !== null;
  return {
    ensureTarget: async (name) => {
      const known = await findTarget(database, name);
      if (known !== null) return known;
      value(await createGraph(asking, { slug: name.graph, title: title(name.graph) }));
      const made = await findTarget(database, name);
      if (made === null)
        throw new Error(`A graph has no target "${name.target}"; use another one.`);
      return made;
    },
    publishAll: async (target, contracts) => {
      const put = contracts.map((contract): SubgraphInput => ({ ...contract, version: null }));
      const source = { author: 'hub', commit: null };
      const request = { target, principal: HUB, put, retire: [], source, contextId: null };
      const published = await parts.commands.publish(request);
      return {
        isServed: await served(target),
        refusals: published.ok ? [] : refusalsOf(published.problem),
      };
    },
    publishEvents: async (target, contracts) => {
      const room = { database, clock, apiSchemaOf };
      const source = { author: 'hub', commit: null };
      const request = { target, principal: HUB, contracts, source };
      const published = await publishEventContracts(room, request);
      return {
        isServed: true,
        refusals: published.ok ? [] : refusalsOf(published.problem),
      };
    },
    govern: async (target, wanted) =>
      (await govern(parts, { principal: HUB, target }, wanted)).flatMap(refusalsOf),
    issueToken: async (target, tokenTitle, actions) => {
      await revokeFormer(parts, target, tokenTitle);
      const made = await createToken(asking, {
        principal: HUB,
        title: tokenTitle,
        graph: target.graphSlug,
        target: target.slug,
        subgraph: null,
        actions,
        expiresAt: shifted(clock.now(), TOKEN_DAYS * DAY_MS),
      });
      return value(made).token;
    },
    keyIds: async () => (await parts.keys.published()).keys.map(({ kid }) => kid),
  };
}

/** The tokens of earlier starts, whose secrets nobody has any more. */
async function revokeFormer(
  { database, clock }: RegistryParts,
  target: Target,
  tokenTitle: string,
): Promise<void> {
  const former = await database.query<{ id: string }>(
    'select id from access_token where target_id = $1 and title = $2 and created_by = $3 and revoked_at is null',
    [target.id, tokenTitle, HUB.id],
  );
  for (const { id } of former) await revokeToken({ database, clock }, { principal: HUB, id });
}

function refusalsOf(problem: {
  readonly message: string;
  readonly result?: CheckResult;
}): string[] {
  const errors = (problem.result?.steps ?? []).flatMap(({ name, findings }) =>
    findings
      .filter(({ severity }) => severity === 'ERROR')
      .map(
        ({ code, subgraph, line, message }) =>
          `${name} ${code}${subgraph === null ? '' : ` [${subgraph}${line === null ? '' : `:${line}`}]`} ${message}`,
      ),
  );
  return [problem.message, ...errors.slice(0, REFUSALS_TOLD)];
}

function value<Value>(result: Result<Value>): Value {
  if (result.ok) return result.value;
  throw new Error(result.problem.message);
}

function title(slug: string): string {
  return slug.charAt(0).toUpperCase() + slug.slice(1);
}
