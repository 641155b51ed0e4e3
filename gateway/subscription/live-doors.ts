import { subgraphSource } from './event-source.ts';
import { eventStreamDoor } from './event-stream-door.ts';
import { serveSockets } from './socket-door.ts';
import { createSubscriptions } from './subscriptions.ts';
import { createSessions } from './viewer-sessions.ts';
import type { Server } from 'node:http';
import type { AccessTokenVerifier } from '#kernel/access-token.ts';
import type { Clock } from '#kernel/clock.ts';
import type { CrossOrigin } from '../cross-origin.ts';
import type { GatewayLimits } from '../gateway-limits.ts';
import type { DocumentPolicy } from '../graphql-request.ts';
import type { Propagate } from '../propagation.ts';
import type { Supergraph } from '../supergraph.ts';
import type { Upstream } from '../upstream.ts';
import type { Bookkeeping } from './admitted-operation.ts';
import type { AnswerEventStream } from './event-stream-door.ts';
import type { SocketDoor } from './socket-door.ts';
import type { Sessions } from './viewer-sessions.ts';

interface LiveOptions extends Bookkeeping {
  readonly supergraph: Supergraph;
  readonly documentPolicy: DocumentPolicy;
  readonly upstream: Upstream;
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
  const source = subgraphSource(options.upstream);
  const subscriptions = createSubscriptions({ ...options, source });
  const inside = { ...options, sessions, subscriptions };
  let sockets: SocketDoor | null = null;
  return {
    answerEventStream: eventStreamDoor(inside),
    revoke: sessions.revoke,
    recheck: sessions.recheck,
    serveSockets: (server) => {
      sockets = serveSockets({ ...inside, server });
    },
    close: async () => {
      await sockets?.close();
      sessions.endAll('GOING_AWAY');
      sessions.stop();
      subscriptions.close();
    },
  };
}
