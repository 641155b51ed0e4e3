import { operation } from '../operation.ts';
import { PROBLEM } from './fragments.ts';
import type {
  ChangePolicyMutation,
  ChangePolicyMutationVariables,
  ReadPolicyQuery,
  ReadPolicyQueryVariables,
} from '../generated.ts';

const POLICY = /* GraphQL */ `
  fragment PolicyParts on TargetPolicy {
    version
    updatedBy
    updatedAt
    usage {
      windowDays
      requestsMin
      excludedClients
      unusedIsSafe
    }
    breaking {
      fails
      enumValueAdded
      unionMemberAdded
      dangerousFails
    }
    deprecation {
      sunsetRequired
      noticeDays
      removalGated
    }
    versioning {
      pinnedMajorDays
    }
    review {
      required
      signOffs
    }
    override {
      validDaysMax
    }
    rules {
      severity
      decided
      rule {
        id
      }
    }
  }
`;

export const READ_POLICY = operation<ReadPolicyQuery, ReadPolicyQueryVariables>(/* GraphQL */ `
  query ReadPolicy($target: TargetInput!) {
    policy(target: $target) {
      ...PolicyParts
    }
  }
  ${POLICY}
`);

export const CHANGE_POLICY = operation<ChangePolicyMutation, ChangePolicyMutationVariables>(
  /* GraphQL */ `
    mutation ChangePolicy($input: ChangePolicyInput!) {
      changePolicy(input: $input) {
        __typename
        ... on PolicyChange {
          settings
          policy {
            ...PolicyParts
          }
        }
        ...ProblemParts
      }
    }
    ${POLICY}
    ${PROBLEM}
  `,
);
