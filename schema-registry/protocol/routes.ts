import { httpProblem } from '#kernel/http.ts';
import { admitLarge } from '../large-body.ts';
import { hiveRoute } from './hive-api.ts';
import { roverRoute } from './rover-api.ts';
import { uplinkRoute } from './uplink.ts';
import type { Route } from '#kernel/http.ts';
import type { ProtocolDeps } from './protocol-deps.ts';

/** The doors for clients that were made for other registries: `/hive`, `/apollo` and `/uplink`. */
export function protocolRoutes(deps: ProtocolDeps): Route[] {
  const admit = admitLarge(async (headers) => {
    const asked = await deps.authenticator.authenticate(headers);
    return asked.ok ? null : httpProblem(401, asked.problem.code, asked.problem.message);
  });
  return [{ ...hiveRoute(deps), admit }, { ...roverRoute(deps), admit }, uplinkRoute(deps)];
}
