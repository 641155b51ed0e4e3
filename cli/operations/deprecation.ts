import { operation } from '../operation.ts';
import { PROBLEM } from './fragments.ts';
import type {
  GrantOverrideMutation,
  GrantOverrideMutationVariables,
  ListDeprecationsQuery,
  ListDeprecationsQueryVariables,
  ListOverridesQuery,
  ListOverridesQueryVariables,
  RefuseOverrideMutation,
  RefuseOverrideMutationVariables,
  RequestOverrideMutation,
  RequestOverrideMutationVariables,
  WithdrawOverrideMutation,
  WithdrawOverrideMutationVariables,
} from '../generated.ts';

export const LIST_DEPRECATIONS = operation<ListDeprecationsQuery, ListDeprecationsQueryVariables>(
  /* GraphQL */ `
    query ListDeprecations($target: TargetInput!, $ended: Boolean!) {
      target(target: $target) {
        deprecations(ended: $ended) {
          coordinate
          reason
          sunsetOn
          replacement
          owner
          announcedOn
          endedOn
          endedAs
          removal {
            allowed
            earliest
            message
            usage {
              requests
              lastSeenAt
              clients {
                name
                version
                requests
              }
            }
          }
        }
      }
    }
  `,
);

const OVERRIDE = /* GraphQL */ `
  fragment OverrideParts on Override {
    id
    changeHash
    changeType
    coordinate
    message
    reason
    state
    requestedBy
    requestedAt
    expiresAt
    decidedBy
    decidedAt
    comment
  }
`;

export const LIST_OVERRIDES = operation<ListOverridesQuery, ListOverridesQueryVariables>(
  /* GraphQL */ `
    query ListOverrides($target: TargetInput!, $state: OverrideState) {
      target(target: $target) {
        overrides(state: $state) {
          ...OverrideParts
        }
      }
    }
    ${OVERRIDE}
  `,
);

export const REQUEST_OVERRIDE = operation<
  RequestOverrideMutation,
  RequestOverrideMutationVariables
>(/* GraphQL */ `
  mutation RequestOverride($input: RequestOverrideInput!) {
    requestOverride(input: $input) {
      __typename
      ... on Override {
        ...OverrideParts
      }
      ...ProblemParts
    }
  }
  ${OVERRIDE}
  ${PROBLEM}
`);

export const GRANT_OVERRIDE = operation<GrantOverrideMutation, GrantOverrideMutationVariables>(
  /* GraphQL */ `
    mutation GrantOverride($input: DecideOverrideInput!) {
      decided: grantOverride(input: $input) {
        __typename
        ... on Override {
          ...OverrideParts
        }
        ...ProblemParts
      }
    }
    ${OVERRIDE}
    ${PROBLEM}
  `,
);

export const REFUSE_OVERRIDE = operation<RefuseOverrideMutation, RefuseOverrideMutationVariables>(
  /* GraphQL */ `
    mutation RefuseOverride($input: DecideOverrideInput!) {
      decided: refuseOverride(input: $input) {
        __typename
        ... on Override {
          ...OverrideParts
        }
        ...ProblemParts
      }
    }
    ${OVERRIDE}
    ${PROBLEM}
  `,
);

export const WITHDRAW_OVERRIDE = operation<
  WithdrawOverrideMutation,
  WithdrawOverrideMutationVariables
>(/* GraphQL */ `
  mutation WithdrawOverride($input: DecideOverrideInput!) {
    decided: withdrawOverride(input: $input) {
      __typename
      ... on Override {
        ...OverrideParts
      }
      ...ProblemParts
    }
  }
  ${OVERRIDE}
  ${PROBLEM}
`);
