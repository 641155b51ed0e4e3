import { operation } from '../operation.ts';
import { PROBLEM } from './fragments.ts';
import type {
  CloseProposalMutation,
  CloseProposalMutationVariables,
  CommentOnProposalMutation,
  CommentOnProposalMutationVariables,
  CreateProposalMutation,
  CreateProposalMutationVariables,
  ListProposalsQuery,
  ListProposalsQueryVariables,
  OpenProposalMutation,
  OpenProposalMutationVariables,
  ReadProposalQuery,
  ReadProposalQueryVariables,
  ReadProposalVersionQuery,
  ReadProposalVersionQueryVariables,
  RequestChangesMutation,
  RequestChangesMutationVariables,
  ReviseProposalMutation,
  ReviseProposalMutationVariables,
  SignProposalOffMutation,
  SignProposalOffMutationVariables,
} from '../generated.ts';

const PROPOSAL = /* GraphQL */ `
  fragment ProposalParts on Proposal {
    id
    number
    state
    version
    title
    description
    authorId
    authorName
    createdAt
    updatedAt
    closedReason
    implementedVersionId
    revision {
      number
      summary
      checkId
      passed
      composes
      contracts {
        subgraph
        url
        contentHash
      }
      touched {
        coordinate
        subgraphs
        classifications
        changes {
          type
          severity
          message
        }
      }
      authorName
      createdAt
    }
    requirements {
      kind
      subject
      team
      members
      coordinates
      signOffs
      met
      missing {
        coordinate
        missing
      }
    }
    reviews {
      revision
      decision
      coordinates
      reviewerId
      reviewerName
      createdAt
    }
    threads {
      id
      coordinate
      resolvedBy
      comments {
        revision
        body
        authorName
        createdAt
      }
    }
  }
`;

export const LIST_PROPOSALS = operation<ListProposalsQuery, ListProposalsQueryVariables>(
  /* GraphQL */ `
    query ListProposals($target: TargetInput!, $states: [ProposalState!], $last: Int!) {
      proposals(target: $target, states: $states, last: $last) {
        nodes {
          number
          state
          title
          authorName
          updatedAt
          revision {
            number
            passed
          }
        }
        pageInfo {
          hasPreviousPage
        }
      }
    }
  `,
);

export const READ_PROPOSAL = operation<ReadProposalQuery, ReadProposalQueryVariables>(
  /* GraphQL */ `
    query ReadProposal($target: TargetInput!, $number: Int!) {
      proposal(target: $target, number: $number) {
        ...ProposalParts
      }
    }
    ${PROPOSAL}
  `,
);

/** What a command that changes a proposal must know of it. */
export const READ_PROPOSAL_VERSION = operation<
  ReadProposalVersionQuery,
  ReadProposalVersionQueryVariables
>(/* GraphQL */ `
  query ReadProposalVersion($target: TargetInput!, $number: Int!) {
    proposal(target: $target, number: $number) {
      version
      revision {
        number
      }
    }
  }
`);

export const CREATE_PROPOSAL = operation<CreateProposalMutation, CreateProposalMutationVariables>(
  /* GraphQL */ `
    mutation CreateProposal($input: CreateProposalInput!) {
      answer: createProposal(input: $input) {
        __typename
        ...ProposalParts
        ...ProblemParts
      }
    }
    ${PROPOSAL}
    ${PROBLEM}
  `,
);

export const REVISE_PROPOSAL = operation<ReviseProposalMutation, ReviseProposalMutationVariables>(
  /* GraphQL */ `
    mutation ReviseProposal($input: ReviseProposalInput!) {
      answer: reviseProposal(input: $input) {
        __typename
        ...ProposalParts
        ...ProblemParts
      }
    }
    ${PROPOSAL}
    ${PROBLEM}
  `,
);

export const OPEN_PROPOSAL = operation<OpenProposalMutation, OpenProposalMutationVariables>(
  /* GraphQL */ `
    mutation OpenProposal($input: OpenProposalInput!) {
      answer: openProposal(input: $input) {
        __typename
        ...ProposalParts
        ...ProblemParts
      }
    }
    ${PROPOSAL}
    ${PROBLEM}
  `,
);

export const SIGN_PROPOSAL_OFF = operation<
  SignProposalOffMutation,
  SignProposalOffMutationVariables
>(/* GraphQL */ `
  mutation SignProposalOff($input: SignOffProposalInput!) {
    answer: signOffProposal(input: $input) {
      __typename
      ...ProposalParts
      ...ProblemParts
    }
  }
  ${PROPOSAL}
  ${PROBLEM}
`);

export const REQUEST_CHANGES = operation<RequestChangesMutation, RequestChangesMutationVariables>(
  /* GraphQL */ `
    mutation RequestChanges($input: RequestChangesInput!) {
      answer: requestChanges(input: $input) {
        __typename
        ...ProposalParts
        ...ProblemParts
      }
    }
    ${PROPOSAL}
    ${PROBLEM}
  `,
);

export const COMMENT_ON_PROPOSAL = operation<
  CommentOnProposalMutation,
  CommentOnProposalMutationVariables
>(/* GraphQL */ `
  mutation CommentOnProposal($input: CommentOnProposalInput!) {
    answer: commentOnProposal(input: $input) {
      __typename
      ...ProposalParts
      ...ProblemParts
    }
  }
  ${PROPOSAL}
  ${PROBLEM}
`);

export const CLOSE_PROPOSAL = operation<CloseProposalMutation, CloseProposalMutationVariables>(
  /* GraphQL */ `
    mutation CloseProposal($input: CloseProposalInput!) {
      answer: closeProposal(input: $input) {
        __typename
        ...ProposalParts
        ...ProblemParts
      }
    }
    ${PROPOSAL}
    ${PROBLEM}
  `,
);
