import { busSource } from './bus-source.ts';
import { eventSource } from './event-source.ts';
import { eventStreamDoor } from './event-stream-door.ts';
import { serveSockets } from './socket-door.ts';
import { createSubscriptions } from './subscriptions.ts';
import { createSessions } from './viewer-sessions.ts';
import type { Server } from 'node:http';
import type { AccessTokenVerifier } from '#kernel/access-token.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Viewer } from '#kernel/identity.ts';
import type { BusAddress } from '#kernel/room.ts';
import type { CrossOrigin } from '../cross-origin.ts';
import type { GatewayLimits } from '../gateway-limits.ts';
import type { DocumentPolicy } from '../graphql-request.ts';
import type { Propagate } from '../propagation.ts';
import type { ServedGraphs } from '../served-graphs.ts';
import type { Upstream } from '../upstream.ts';
import type { Bookkeeping } from './admitted-operation.ts';
import type { AnswerEventStream } from './event-stream-door.ts';
import type { SocketDoor } from './socket-door.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Sessions } from './viewer-sessions.ts';

interface LiveOptions extends Bookkeeping {
  readonly graphs: ServedGraphs;
  readonly documentPolicy: DocumentPolicy;
  readonly upstream: Upstream;
  /** Null is a gateway without a bus. */
  readonly bus: BusAddress | null;
  readonly verifyToken: AccessTokenVerifier;
  readonly origins: CrossOrigin;
  readonly propagate: Propagate;
  readonly limits: GatewayLimits;
  readonly clock: Clock;
}

/** The two doors behind which connections stay open, over one set of viewers and one set of sources. */
export interface LiveDoors {
  readonly answerEventStream: AnswerEventStream;
  /** Ends what a viewer, or a token, has open; says how many connections and streams that were. */
  readonly revoke: Sessions['revoke'];
  /** How much is open now. */
  figures(): Readonly<Record<'connections' | 'subscriptions' | 'upstreamSubscriptions', number>>;
  /** Verifies the tokens of everything that is open again, now. */
  readonly recheck: Sessions['recheck'];
  serveSockets(server: Server): void;
  /** Sends everybody elsewhere, and waits until they have gone. */
  close(): Promise<void>;
}

export function openLiveDoors(options: LiveOptions): LiveDoors {
  const { verifyToken, clock, limits } = options;
  const perViewer = limits.connectionsPerViewer;
  const sessions = createSessions({ verifyToken, perViewer, clock });
  const bus = busSource(options.bus, options.log);
  const source = eventSource(options.upstream, bus);
  const byGraph = new Map(
    options.graphs.all.map((supergraph) => [
      supergraph,
      createSubscriptions({ ...options, supergraph, source }),
    ]),
  );
  const sumOf = (figure: (one: Subscriptions) => number): number =>
    byGraph.values().reduce((sum, one) => sum + figure(one), 0);
  const subscriptionsOf = (viewer: Viewer): Subscriptions => {
    const found = byGraph.get(options.graphs.of(viewer) ?? options.graphs.common);
    if (found === undefined) throw new Error('Every graph that is served has subscriptions.');
    return found;
  };
  const inside = { ...options, sessions, subscriptionsOf };
  let sockets: SocketDoor | null = null;
  return {
    answerEventStream: eventStreamDoor(inside),
    revoke: sessions.revoke,
    recheck: sessions.recheck,
    figures: () => ({
      connections: sessions.size,
      subscriptions: sumOf(({ subscribers }) => subscribers),
      upstreamSubscriptions: sumOf(({ size }) => size),
    }),
    serveSockets: (server) => {
      sockets = serveSockets({ ...inside, server });
    },
    close: async () => {
      await sockets?.close();
      sessions.endAll('GOING_AWAY');
      sessions.stop();
      for (const subscriptions of byGraph.values()) subscriptions.close();
      await bus.close();
    },
  };
}
