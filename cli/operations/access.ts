import { operation } from '../operation.ts';
import { PROBLEM } from './fragments.ts';
import type {
  CreateTokenMutation,
  CreateTokenMutationVariables,
  ListKeysQuery,
  ListKeysQueryVariables,
  ListTokensQuery,
  ListTokensQueryVariables,
  RevokeTokenMutation,
  RevokeTokenMutationVariables,
  RotateKeyMutation,
  RotateKeyMutationVariables,
} from '../generated.ts';

const TOKEN = /* GraphQL */ `
  fragment TokenParts on AccessToken {
    id
    hint
    title
    graph
    target
    subgraph
    actions
    createdBy
    createdAt
    expiresAt
    revokedAt
    revokedBy
    lastUsedAt
  }
`;

export const LIST_TOKENS = operation<ListTokensQuery, ListTokensQueryVariables>(/* GraphQL */ `
  query ListTokens($graph: String!, $first: Int!, $after: String) {
    tokens(graph: $graph, first: $first, after: $after) {
      nodes {
        ...TokenParts
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
  ${TOKEN}
`);

export const CREATE_TOKEN = operation<CreateTokenMutation, CreateTokenMutationVariables>(
  /* GraphQL */ `
    mutation CreateToken($input: CreateTokenInput!) {
      createToken(input: $input) {
        __typename
        ... on CreatedToken {
          token
          accessToken {
            ...TokenParts
          }
        }
        ...ProblemParts
      }
    }
    ${TOKEN}
    ${PROBLEM}
  `,
);

export const REVOKE_TOKEN = operation<RevokeTokenMutation, RevokeTokenMutationVariables>(
  /* GraphQL */ `
    mutation RevokeToken($id: ID!) {
      revokeToken(id: $id) {
        __typename
        ...TokenParts
        ...ProblemParts
      }
    }
    ${TOKEN}
    ${PROBLEM}
  `,
);

const KEY = /* GraphQL */ `
  fragment KeyParts on SigningKey {
    kid
    x
    state
    createdAt
    endorsedBy
    endorsement
  }
`;

export const LIST_KEYS = operation<ListKeysQuery, ListKeysQueryVariables>(/* GraphQL */ `
  query ListKeys {
    signingKeys {
      ...KeyParts
    }
  }
  ${KEY}
`);

export const ROTATE_KEY = operation<RotateKeyMutation, RotateKeyMutationVariables>(/* GraphQL */ `
  mutation RotateKey($input: RotateSigningKeyInput!) {
    rotateSigningKey(input: $input) {
      __typename
      ...KeyParts
      ...ProblemParts
    }
  }
  ${KEY}
  ${PROBLEM}
`);
