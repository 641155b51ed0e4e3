import { GraphQLError } from 'graphql';
import { httpProblem } from '#kernel/http.ts';
import { exportHistory } from './export.ts';
import { makeCheckpoint } from './checkpoint.ts';
import { historyScope } from './history-query.ts';
import type { HttpReply, HttpRequest, Route } from '#kernel/http.ts';
import type { Authenticator } from '../access/authenticator.ts';
import type { CheckpointMaking } from './checkpoint.ts';

export interface HistoryRoutesDeps extends CheckpointMaking {
  readonly authenticator: Authenticator;
}

/**
 * `GET /history/export?graph=finance&from=1`: the history as lines of JSON that are verified without a registry. Both
 * parameters may be left out; `schema:read` is needed. `GET /history/checkpoint`: a signed checkpoint as it is now, which
 * tells nothing of the entries.
 */
export function historyRoutes(deps: HistoryRoutesDeps): Route[] {
  return [
    { method: 'GET', path: '/history/export', handle: (request) => serveExport(deps, request) },
    {
      method: 'GET',
      path: '/history/checkpoint',
      handle: async (request) => {
        const asked = await deps.authenticator.authenticate(request.headers);
        if (!asked.ok) return refusal(asked.problem);
        const { note } = await makeCheckpoint(deps);
        return { status: 200, headers: NOTE_HEADERS, body: note };
      },
    },
  ];
}

const NOTE_HEADERS = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
const LINES_HEADERS = {
  'content-type': 'application/x-ndjson; charset=utf-8',
  'cache-control': 'no-store',
};
const FROM = /^[1-9]\d{0,14}$/;

async function serveExport(deps: HistoryRoutesDeps, request: HttpRequest): Promise<HttpReply> {
  const asked = await deps.authenticator.authenticate(request.headers);
  if (!asked.ok) return refusal(asked.problem);
  const from = request.query.get('from') ?? '1';
  if (!FROM.test(from))
    return httpProblem(400, 'BAD_REQUEST', '"from" is the number of an entry, from 1.');
  try {
    const names = { graph: request.query.get('graph'), target: null };
    const { graphId } = await historyScope(deps.database, asked.value.principal, names);
    const body = exportHistory(deps, { graphId, fromSeq: Number(from) });
    return { status: 200, headers: LINES_HEADERS, body };
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const code = String(error.extensions['code']);
    return httpProblem(code === 'FORBIDDEN' ? 403 : 404, code, error.message);
  }
}

function refusal(problem: { status: number; code: string; message: string }): HttpReply {
  return httpProblem(problem.status, problem.code, problem.message);
}
