import { operation } from '../operation.ts';
import { PROBLEM } from './fragments.ts';
import type {
  ListClientsQuery,
  ListClientsQueryVariables,
  PinClientMutation,
  PinClientMutationVariables,
  ReadClientQuery,
  ReadClientQueryVariables,
  ReadCoverageQuery,
  ReadCoverageQueryVariables,
  RetireGatewayMutation,
  RetireGatewayMutationVariables,
  UnpinClientMutation,
  UnpinClientMutationVariables,
} from '../generated.ts';

export const LIST_CLIENTS = operation<ListClientsQuery, ListClientsQueryVariables>(/* GraphQL */ `
  query ListClients($target: TargetInput!, $first: Int!, $after: String) {
    clients(target: $target, first: $first, after: $after) {
      name
      firstSeenAt
      lastSeenAt
      pin {
        major
      }
      versions {
        version
        lastSeenAt
      }
    }
  }
`);

export const READ_CLIENT = operation<ReadClientQuery, ReadClientQueryVariables>(/* GraphQL */ `
  query ReadClient($target: TargetInput!, $name: String!, $days: Int!, $deprecatedOnly: Boolean!) {
    client(target: $target, name: $name) {
      name
      firstSeenAt
      lastSeenAt
      pin {
        major
        reason
        pinnedBy
        pinnedAt
      }
      versions {
        version
        firstSeenAt
        lastSeenAt
      }
      stillUses(days: $days, deprecatedOnly: $deprecatedOnly) {
        coordinate
        requests
        lastSeenAt
        versions
        deprecationReason
      }
    }
  }
`);

export const PIN_CLIENT = operation<PinClientMutation, PinClientMutationVariables>(/* GraphQL */ `
  mutation PinClient($input: PinClientInput!) {
    pinClient(input: $input) {
      __typename
      ... on ClientPin {
        client
        major
        reason
        pinnedBy
        pinnedAt
      }
      ...ProblemParts
    }
  }
  ${PROBLEM}
`);

export const UNPIN_CLIENT = operation<UnpinClientMutation, UnpinClientMutationVariables>(
  /* GraphQL */ `
    mutation UnpinClient($input: UnpinClientInput!) {
      unpinClient(input: $input) {
        __typename
        ... on ClientUnpinned {
          client
        }
        ...ProblemParts
      }
    }
    ${PROBLEM}
  `,
);

export const READ_COVERAGE = operation<ReadCoverageQuery, ReadCoverageQueryVariables>(
  /* GraphQL */ `
    query ReadCoverage($target: TargetInput!, $days: Int!) {
      reportingCoverage(target: $target, days: $days) {
        firstCoveredDay
        coveredSince
        outputFieldsOnly
        days {
          day
          state
          missing
        }
        gateways {
          gateway
          firstSeenAt
          lastSeenAt
          retiredAt
        }
      }
    }
  `,
);

export const RETIRE_GATEWAY = operation<RetireGatewayMutation, RetireGatewayMutationVariables>(
  /* GraphQL */ `
    mutation RetireGateway($input: RetireGatewayInput!) {
      retireGateway(input: $input) {
        __typename
        ... on GatewayRetired {
          gateway
          retiredAt
        }
        ...ProblemParts
      }
    }
    ${PROBLEM}
  `,
);
