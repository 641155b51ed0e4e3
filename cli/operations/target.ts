import { operation } from '../operation.ts';
import { PROBLEM } from './fragments.ts';
import type {
  CancelFreezeWindowMutation,
  CancelFreezeWindowMutationVariables,
  CreateFreezeWindowMutation,
  CreateFreezeWindowMutationVariables,
  CreateGraphMutation,
  CreateGraphMutationVariables,
  CreateTargetMutation,
  CreateTargetMutationVariables,
  FindTargetQuery,
  FindTargetQueryVariables,
  ListFreezeWindowsQuery,
  ListFreezeWindowsQueryVariables,
  ListOwnersQuery,
  ListOwnersQueryVariables,
  ListTargetsQuery,
  ListTargetsQueryVariables,
  RemoveOwnerMutation,
  RemoveOwnerMutationVariables,
  SetOwnerMutation,
  SetOwnerMutationVariables,
} from '../generated.ts';

export const LIST_TARGETS = operation<ListTargetsQuery, ListTargetsQueryVariables>(/* GraphQL */ `
  query ListTargets {
    graphs {
      slug
      title
      targets {
        id
        slug
        current {
          number
          version
          publishedAt
        }
      }
    }
  }
`);

export const FIND_TARGET = operation<FindTargetQuery, FindTargetQueryVariables>(/* GraphQL */ `
  query FindTarget($target: TargetInput!) {
    target(target: $target) {
      id
      slug
      graphSlug
      current {
        id
        number
        version
      }
    }
  }
`);

export const CREATE_GRAPH = operation<CreateGraphMutation, CreateGraphMutationVariables>(
  /* GraphQL */ `
    mutation CreateGraph($input: CreateGraphInput!) {
      createGraph(input: $input) {
        __typename
        ... on Graph {
          id
          slug
          title
          targets {
            id
            slug
          }
        }
        ...ProblemParts
      }
    }
    ${PROBLEM}
  `,
);

export const CREATE_TARGET = operation<CreateTargetMutation, CreateTargetMutationVariables>(
  /* GraphQL */ `
    mutation CreateTarget($input: TargetInput!) {
      createTarget(input: $input) {
        __typename
        ... on Target {
          id
          slug
          graphSlug
        }
        ...ProblemParts
      }
    }
    ${PROBLEM}
  `,
);

const OWNER = /* GraphQL */ `
  fragment OwnerParts on Owner {
    subject
    team
    members
    setBy
    setAt
  }
`;

export const LIST_OWNERS = operation<ListOwnersQuery, ListOwnersQueryVariables>(/* GraphQL */ `
  query ListOwners($target: TargetInput!) {
    owners(target: $target) {
      ...OwnerParts
    }
  }
  ${OWNER}
`);

export const SET_OWNER = operation<SetOwnerMutation, SetOwnerMutationVariables>(/* GraphQL */ `
  mutation SetOwner($input: SetOwnerInput!) {
    setOwner(input: $input) {
      __typename
      ...OwnerParts
      ...ProblemParts
    }
  }
  ${OWNER}
  ${PROBLEM}
`);

export const REMOVE_OWNER = operation<RemoveOwnerMutation, RemoveOwnerMutationVariables>(
  /* GraphQL */ `
    mutation RemoveOwner($input: RemoveOwnerInput!) {
      removeOwner(input: $input) {
        __typename
        ...OwnerParts
        ...ProblemParts
      }
    }
    ${OWNER}
    ${PROBLEM}
  `,
);

const WINDOW = /* GraphQL */ `
  fragment WindowParts on FreezeWindow {
    id
    kind
    startsAt
    endsAt
    reason
    createdBy
    createdAt
    cancelledBy
    cancelledAt
  }
`;

export const LIST_FREEZE_WINDOWS = operation<
  ListFreezeWindowsQuery,
  ListFreezeWindowsQueryVariables
>(/* GraphQL */ `
  query ListFreezeWindows($target: TargetInput!, $includeCancelled: Boolean!) {
    freezeWindows(target: $target, includeCancelled: $includeCancelled) {
      ...WindowParts
    }
  }
  ${WINDOW}
`);

export const CREATE_FREEZE_WINDOW = operation<
  CreateFreezeWindowMutation,
  CreateFreezeWindowMutationVariables
>(/* GraphQL */ `
  mutation CreateFreezeWindow($input: CreateFreezeWindowInput!) {
    createFreezeWindow(input: $input) {
      __typename
      ...WindowParts
      ...ProblemParts
    }
  }
  ${WINDOW}
  ${PROBLEM}
`);

export const CANCEL_FREEZE_WINDOW = operation<
  CancelFreezeWindowMutation,
  CancelFreezeWindowMutationVariables
>(/* GraphQL */ `
  mutation CancelFreezeWindow($input: CancelFreezeWindowInput!) {
    cancelFreezeWindow(input: $input) {
      __typename
      ...WindowParts
      ...ProblemParts
    }
  }
  ${WINDOW}
  ${PROBLEM}
`);
