import { hiveRoute } from './hive-api.ts';
import { roverRoute } from './rover-api.ts';
import { uplinkRoute } from './uplink.ts';
import type { Route } from '#kernel/http.ts';
import type { ProtocolDeps } from './protocol-deps.ts';

/** The doors for clients that were made for other registries: `/hive`, `/apollo` and `/uplink`. */
export function protocolRoutes(deps: ProtocolDeps): Route[] {
  return [hiveRoute(deps), roverRoute(deps), uplinkRoute(deps)];
}
