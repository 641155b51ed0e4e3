import { operation } from '../operation.ts';
import { PROBLEM } from './fragments.ts';
import type {
  CheckEventsMutation,
  CheckEventsMutationVariables,
  ListEventsQuery,
  ListEventsQueryVariables,
  PublishEventsMutation,
  PublishEventsMutationVariables,
  ReadAsyncApiQuery,
  ReadAsyncApiQueryVariables,
  ReadEventQuery,
  ReadEventQueryVariables,
  RetireEventMutation,
  RetireEventMutationVariables,
} from '../generated.ts';

const OUTCOME = /* GraphQL */ `
  fragment EventOutcomeParts on EventOutcome {
    subject
    kind
    version
    previousVersion
    change
    differences {
      direction
      against
      pointer
      keyword
      rule
      message
      reason
      blocking
    }
    findings {
      severity
      code
      message
      coordinate
    }
  }
`;

export const CHECK_EVENTS = operation<CheckEventsMutation, CheckEventsMutationVariables>(
  /* GraphQL */ `
    mutation CheckEvents($input: CheckEventContractsInput!) {
      checkEventContracts(input: $input) {
        __typename
        ... on EventCheck {
          conclusion
          outcomes {
            ...EventOutcomeParts
          }
        }
        ...ProblemParts
      }
    }
    ${OUTCOME}
    ${PROBLEM}
  `,
);

export const PUBLISH_EVENTS = operation<PublishEventsMutation, PublishEventsMutationVariables>(
  /* GraphQL */ `
    mutation PublishEvents($input: PublishEventContractsInput!) {
      publishEventContracts(input: $input) {
        __typename
        ... on EventPublication {
          changed
          outcomes {
            ...EventOutcomeParts
          }
        }
        ... on EventCheckFailedProblem {
          outcomes {
            ...EventOutcomeParts
          }
        }
        ...ProblemParts
      }
    }
    ${OUTCOME}
    ${PROBLEM}
  `,
);

export const LIST_EVENTS = operation<ListEventsQuery, ListEventsQueryVariables>(/* GraphQL */ `
  query ListEvents(
    $target: TargetInput!
    $direction: EventDirection
    $includeRetired: Boolean!
    $first: Int!
    $after: String
  ) {
    eventContracts(
      target: $target
      direction: $direction
      includeRetired: $includeRetired
      first: $first
      after: $after
    ) {
      subject
      owner
      direction
      compatibility
      openness
      retiredAt
      current {
        number
        version
        sha256
        publishedBy
        publishedAt
      }
    }
  }
`);

export const READ_EVENT = operation<ReadEventQuery, ReadEventQueryVariables>(/* GraphQL */ `
  query ReadEvent($target: TargetInput!, $subject: String!) {
    eventContract(target: $target, subject: $subject) {
      subject
      owner
      direction
      compatibility
      openness
      retiredAt
      current {
        number
        version
        schema
      }
      versions(first: 50) {
        number
        version
        author
        commit
        publishedBy
        publishedAt
      }
    }
  }
`);

export const READ_ASYNC_API = operation<ReadAsyncApiQuery, ReadAsyncApiQueryVariables>(
  /* GraphQL */ `
    query ReadAsyncApi($target: TargetInput!) {
      asyncApi(target: $target)
    }
  `,
);

export const RETIRE_EVENT = operation<RetireEventMutation, RetireEventMutationVariables>(
  /* GraphQL */ `
    mutation RetireEvent($input: RetireEventContractInput!) {
      retireEventContract(input: $input) {
        __typename
        ... on EventRetirement {
          changed
          freed
          contract {
            subject
            retiredAt
            retiredBy
          }
        }
        ...ProblemParts
      }
    }
    ${PROBLEM}
  `,
);
