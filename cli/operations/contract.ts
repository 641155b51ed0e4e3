import { operation } from '../operation.ts';
import { CHECK_OUTCOME, PROBLEM } from './fragments.ts';
import type {
  ListContractsQuery,
  ListContractsQueryVariables,
  RemoveContractMutation,
  RemoveContractMutationVariables,
  SetContractMutation,
  SetContractMutationVariables,
} from '../generated.ts';

const CONTRACT = /* GraphQL */ `
  fragment ContractParts on Contract {
    name
    includeTags
    excludeTags
    forbiddenTags
    removeUnreachable
    createdBy
    createdAt
  }
`;

export const LIST_CONTRACTS = operation<ListContractsQuery, ListContractsQueryVariables>(
  /* GraphQL */ `
    query ListContracts($target: TargetInput!) {
      target(target: $target) {
        contractDefinitions {
          ...ContractParts
        }
      }
    }
    ${CONTRACT}
  `,
);

export const SET_CONTRACT = operation<SetContractMutation, SetContractMutationVariables>(
  /* GraphQL */ `
    mutation SetContract($input: SetContractInput!) {
      setContract(input: $input) {
        __typename
        ... on Contract {
          ...ContractParts
        }
        ... on CheckFailedProblem {
          result {
            ...CheckOutcomeParts
          }
        }
        ...ProblemParts
      }
    }
    ${CONTRACT}
    ${CHECK_OUTCOME}
    ${PROBLEM}
  `,
);

export const REMOVE_CONTRACT = operation<RemoveContractMutation, RemoveContractMutationVariables>(
  /* GraphQL */ `
    mutation RemoveContract($input: RemoveContractInput!) {
      removeContract(input: $input) {
        __typename
        ... on Contract {
          ...ContractParts
        }
        ... on CheckFailedProblem {
          result {
            ...CheckOutcomeParts
          }
        }
        ...ProblemParts
      }
    }
    ${CONTRACT}
    ${CHECK_OUTCOME}
    ${PROBLEM}
  `,
);
