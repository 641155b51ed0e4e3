/** Parts that several operations ask for. Each operation that names one carries its text. */

export const PROBLEM = /* GraphQL */ `
  fragment ProblemParts on Problem {
    code
    message
    correlationId
    retryable
  }
`;

export const CHANGE = /* GraphQL */ `
  fragment ChangeParts on SchemaChange {
    hash
    type
    coordinate
    message
    severity
    contract
    acceptedBy
    usage {
      requests
      lastSeenAt
      clients {
        name
        version
        requests
        lastSeenAt
      }
      operations {
        hash
        name
        requests
      }
      documents {
        app
        version
        hash
      }
    }
  }
`;

export const CHECK_OUTCOME = /* GraphQL */ `
  fragment CheckOutcomeParts on CheckOutcome {
    conclusion
    steps {
      name
      status
      reason
      findings {
        severity
        code
        message
        coordinate
        subgraph
        line
        column
        contract
      }
    }
    changes {
      ...ChangeParts
    }
    supergraphVersion
    subgraphVersions {
      subgraph
      version
    }
  }
  ${CHANGE}
`;

export const VERSION = /* GraphQL */ `
  fragment VersionParts on SupergraphVersion {
    id
    number
    version
    cause
    members {
      subgraph
      number
      version
      url
      sha256
    }
    supergraphSha256
    author
    commit
    publishedBy
    publishedAt
  }
`;
