import { operation } from '../operation.ts';
import type {
  ListHistoryQuery,
  ListHistoryQueryVariables,
  ReadCheckpointQuery,
  ReadCheckpointQueryVariables,
} from '../generated.ts';

export const LIST_HISTORY = operation<ListHistoryQuery, ListHistoryQueryVariables>(/* GraphQL */ `
  query ListHistory($graph: String, $filter: HistoryFilter, $last: Int!, $before: String) {
    history(graph: $graph, filter: $filter, last: $last, before: $before) {
      nodes {
        seq
        id
        at
        actor
        action
        targetId
        subject
        details
        hash
      }
      pageInfo {
        hasPreviousPage
        startCursor
      }
    }
  }
`);

export const READ_CHECKPOINT = operation<ReadCheckpointQuery, ReadCheckpointQueryVariables>(
  /* GraphQL */ `
    query ReadCheckpoint {
      historyCheckpoint {
        size
        kid
        note
        at
      }
    }
  `,
);
