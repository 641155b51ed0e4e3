import { check } from './check/check-command.ts';
import { promote, rollback } from './publication/promote.ts';
import { publish, requirePublish } from './publication/publish.ts';
import type { RegistryCommands } from './commands.ts';
import type { PublishDeps } from './publication/publish.ts';

/** The commands over a database and a workshop; every door of the registry is given these. */
export function createCommands(deps: PublishDeps): RegistryCommands {
  return {
    check: (request) => check(deps, request),
    publish: async (request) => {
      requirePublish(request.principal, request);
      const cause = request.put.length === 0 ? 'RETIRE' : 'PUBLISH';
      return publish(deps, { request, cause });
    },
    promote: (request) => promote(deps, request),
    rollback: (request) => rollback(deps, request),
  };
}
