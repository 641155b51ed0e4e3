import { operation } from '../operation.ts';
import { CHANGE, CHECK_OUTCOME, PROBLEM, VERSION } from './fragments.ts';
import type {
  CheckSchemaMutation,
  CheckSchemaMutationVariables,
  CompareVersionsQuery,
  CompareVersionsQueryVariables,
  ListSubgraphVersionsQuery,
  ListSubgraphVersionsQueryVariables,
  ListVersionsQuery,
  ListVersionsQueryVariables,
  PromoteSchemaMutation,
  PromoteSchemaMutationVariables,
  PublishSchemaMutation,
  PublishSchemaMutationVariables,
  ReadCheckQuery,
  ReadCheckQueryVariables,
  ReadCurrentSchemaQuery,
  ReadCurrentSchemaQueryVariables,
  ReadSchemaVersionQuery,
  ReadSchemaVersionQueryVariables,
  RollSchemaBackMutation,
  RollSchemaBackMutationVariables,
  SearchSchemaQuery,
  SearchSchemaQueryVariables,
} from '../generated.ts';

export const CHECK_SCHEMA = operation<CheckSchemaMutation, CheckSchemaMutationVariables>(
  /* GraphQL */ `
    mutation CheckSchema($input: ChangeSubgraphsInput!) {
      checkSubgraphs(input: $input) {
        __typename
        ... on SchemaCheck {
          id
          createdAt
          result {
            ...CheckOutcomeParts
          }
        }
        ...ProblemParts
      }
    }
    ${CHECK_OUTCOME}
    ${PROBLEM}
  `,
);

const PUBLISHED = /* GraphQL */ `
  fragment PublishedParts on PublishSubgraphsResult {
    __typename
    ... on Publication {
      changed
      initial
      version {
        ...VersionParts
      }
      result {
        ...CheckOutcomeParts
      }
    }
    ... on CheckFailedProblem {
      result {
        ...CheckOutcomeParts
      }
    }
    ...ProblemParts
  }
  ${CHECK_OUTCOME}
  ${PROBLEM}
  ${VERSION}
`;

export const PUBLISH_SCHEMA = operation<PublishSchemaMutation, PublishSchemaMutationVariables>(
  /* GraphQL */ `
    mutation PublishSchema($input: ChangeSubgraphsInput!) {
      publishSubgraphs(input: $input) {
        ...PublishedParts
      }
    }
    ${PUBLISHED}
  `,
);

export const PROMOTE_SCHEMA = operation<PromoteSchemaMutation, PromoteSchemaMutationVariables>(
  /* GraphQL */ `
    mutation PromoteSchema($input: PromoteVersionInput!) {
      promoteVersion(input: $input) {
        ...PublishedParts
      }
    }
    ${PUBLISHED}
  `,
);

export const ROLL_SCHEMA_BACK = operation<RollSchemaBackMutation, RollSchemaBackMutationVariables>(
  /* GraphQL */ `
    mutation RollSchemaBack($input: RollbackVersionInput!) {
      rollbackVersion(input: $input) {
        ...PublishedParts
      }
    }
    ${PUBLISHED}
  `,
);

export const READ_CHECK = operation<ReadCheckQuery, ReadCheckQueryVariables>(/* GraphQL */ `
  query ReadCheck($id: ID!) {
    check(id: $id) {
      id
      createdAt
      result {
        ...CheckOutcomeParts
      }
    }
  }
  ${CHECK_OUTCOME}
`);

/** Everything of a version that somebody may want as a text. */
const SCHEMAS = /* GraphQL */ `
  fragment SchemaTexts on SupergraphVersion {
    id
    number
    version
    supergraphSdl
    apiSdl
    members {
      subgraph
      version
      url
      sdl
    }
    contracts {
      contract
      supergraphSdl
      apiSdl
    }
  }
`;

export const READ_CURRENT_SCHEMA = operation<
  ReadCurrentSchemaQuery,
  ReadCurrentSchemaQueryVariables
>(/* GraphQL */ `
  query ReadCurrentSchema($target: TargetInput!) {
    target(target: $target) {
      id
      current {
        ...SchemaTexts
      }
    }
  }
  ${SCHEMAS}
`);

export const READ_SCHEMA_VERSION = operation<
  ReadSchemaVersionQuery,
  ReadSchemaVersionQueryVariables
>(/* GraphQL */ `
  query ReadSchemaVersion($id: ID!) {
    version(id: $id) {
      ...SchemaTexts
    }
  }
  ${SCHEMAS}
`);

export const LIST_VERSIONS = operation<ListVersionsQuery, ListVersionsQueryVariables>(
  /* GraphQL */ `
    query ListVersions($target: TargetInput!, $first: Int!, $before: Int) {
      target(target: $target) {
        id
        versions(first: $first, before: $before) {
          ...VersionParts
        }
      }
    }
    ${VERSION}
  `,
);

export const LIST_SUBGRAPH_VERSIONS = operation<
  ListSubgraphVersionsQuery,
  ListSubgraphVersionsQueryVariables
>(/* GraphQL */ `
  query ListSubgraphVersions(
    $target: TargetInput!
    $subgraph: String!
    $first: Int!
    $before: Int
  ) {
    target(target: $target) {
      id
      subgraphVersions(subgraph: $subgraph, first: $first, before: $before) {
        number
        version
        url
        sha256
        author
        commit
        publishedBy
        publishedAt
      }
    }
  }
`);

export const COMPARE_VERSIONS = operation<CompareVersionsQuery, CompareVersionsQueryVariables>(
  /* GraphQL */ `
    query CompareVersions($from: ID!, $to: ID!) {
      compareVersions(from: $from, to: $to) {
        ...ChangeParts
      }
    }
    ${CHANGE}
  `,
);

export const SEARCH_SCHEMA = operation<SearchSchemaQuery, SearchSchemaQueryVariables>(
  /* GraphQL */ `
    query SearchSchema($target: TargetInput!, $text: String!, $first: Int!) {
      searchSchema(target: $target, text: $text, first: $first) {
        coordinate
        kind
        description
        type
        deprecated
      }
    }
  `,
);
