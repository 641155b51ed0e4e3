/** What a code means and what to do, for those that no page of a lint rule tells. */
export const EXPLANATIONS: Readonly<
  Record<string, { readonly text: string; readonly page?: string }>
> = {
  // Findings of a check.
  INVALID_GRAPHQL: {
    text: 'The text that was sent is not GraphQL schema language. The finding names line and column in the file; correct it there.',
  },
  COMPOSITION_TIMEOUT: {
    text: 'Composition took longer than it may. Nothing was stored. Look for types that refer to each other in very many ways, or split the change.',
  },
  COMPOSITION_ABORTED: {
    text: 'Composition needed more memory or depth than it may. Nothing was stored. Look for deeply nested or generated schema parts.',
  },
  BREAKING_CHANGE: {
    text: 'Requests that worked would fail, and the change is in use, or nothing proves that it is not. Keep the old element with @deprecated and @sunset, or ask for an override: concord deprecation overrides request.',
    page: 'docs/policies/breaking-changes.md',
  },
  DANGEROUS_CHANGE: {
    text: 'Requests that worked may behave otherwise, and the policy of the target lets no dangerous change pass. See concord target policy show.',
    page: 'docs/policies/breaking-changes.md',
  },
  CONTRACT_BREAKING_CHANGE: {
    text: 'The change breaks only the readers of a contract (a tag-filtered schema), and is in use there. Keep the element visible to them, or ask for an override.',
    page: 'docs/policies/contracts.md',
  },
  REMOVED_WITHOUT_SUNSET: {
    text: 'What is to be removed was never announced, or without a date: add @deprecated and @sunset(on:, owner:), publish that, and remove it after the date.',
    page: 'docs/policies/breaking-changes.md',
  },
  SUNSET_NOT_PASSED: {
    text: 'The announced last day is not over. Remove it the day after, or see who could move earlier: concord deprecation list.',
    page: 'docs/policies/breaking-changes.md',
  },
  STILL_IN_USE: {
    text: 'Somebody used it within the usage window of the policy. The finding tells who; ask them to move, and wait for the window to pass.',
    page: 'docs/policies/breaking-changes.md',
  },
  USAGE_NOT_REPORTED: {
    text: 'On some days of the usage window not every gateway reported, so that "nobody used it" is not known. See concord client gateways; a gateway that is gone is retired with concord client retire-gateway.',
    page: 'docs/policies/breaking-changes.md',
  },
  SUNSET_MISSING: {
    text: 'A deprecation must carry @sunset(on:, owner:), so that everybody knows when it goes and whom to ask.',
    page: 'docs/policies/breaking-changes.md',
  },
  SUNSET_DATE_INVALID: {
    text: 'The date of @sunset is none. Write it like "2027-03-31".',
  },
  SUNSET_TOO_SOON: {
    text: 'The date of @sunset leaves clients less time than the notice of the policy (deprecation.noticeDays). The finding names the earliest date.',
    page: 'docs/policies/breaking-changes.md',
  },
  SUNSET_MOVED_EARLIER: {
    text: 'A date that was announced may be moved later and never earlier: somebody has planned with it.',
    page: 'docs/policies/breaking-changes.md',
  },
  SUNSET_IN_FREEZE_WINDOW: {
    text: 'The date of @sunset lies in a freeze window, such as a period close. Move it behind; see concord target freeze list.',
  },
  FREEZE_WINDOW: {
    text: 'Nothing is published to this target now. Wait for the end of the window, or have it lifted: concord target freeze list.',
  },
  PROPOSAL_REQUIRED: {
    text: 'The policy of the target asks for a signed-off proposal of exactly this change: concord proposal create, proposal open, and others sign it off.',
    page: 'docs/policies/reviews.md',
  },
  VERSION_INVALID: {
    text: 'A stated version is none. Semantic versions look like 1.4.0.',
  },
  VERSION_TAKEN: {
    text: 'The stated version is not above the one that is current. State a higher one, or none: it is computed then.',
  },
  VERSION_UNDERSTATED: {
    text: 'The stated version promises less change than there is; the finding shows the change that proves it. State none, or one that is high enough.',
  },
  LINT_BASELINE: {
    text: 'What was not changed has findings too; they are counted and fail nothing.',
  },
  FINDINGS_LEFT_OUT: {
    text: 'There were more findings than are told. Correct those that are, and check again.',
  },
  RULE_FAILED: {
    text: 'A lint rule broke down on this schema; that is a bug of the rule. It fails nothing and is told so that nobody takes its silence for a yes.',
  },
  EVENT_FIELD_TYPE_DISAGREES: {
    text: 'A property of an event names a coordinate of the graph (x-graphql) and has another type than that.',
    page: 'docs/policies/event-contracts.md',
  },
  EVENT_FIELD_NULLABILITY_DISAGREES: {
    text: 'A property of an event names a coordinate of the graph and disagrees about whether it can be null or absent.',
    page: 'docs/policies/event-contracts.md',
  },
  EVENT_FIELD_COORDINATE_MISSING: {
    text: 'A property of an event names a coordinate that the graph does not have, or that the change removes. Publish the event contract without it first.',
    page: 'docs/policies/event-contracts.md',
  },
  // Refusals of the registry.
  CHECK_FAILED: {
    text: 'The change failed its check and nothing was stored. The steps tell why; correct the change, or ask for an override of a breaking change.',
  },
  EVENT_CHECK_FAILED: {
    text: 'At least one event contract is incompatible with earlier versions or disagrees with the graph; nothing was stored.',
    page: 'docs/policies/event-contracts.md',
  },
  PUBLICATION_CONFLICT: {
    text: 'Others published again and again while this was checked; nothing was stored. Publish again.',
  },
  NOTHING_PUBLISHED: { text: 'The target has no version yet. Publish to it first.' },
  STALE_CONTEXT: {
    text: 'The context (--context-id) was last checked so long ago that it is another change by now. Use a new one.',
  },
  INVALID_INPUT: {
    text: 'The registry did not accept what was sent; the message names each field. Nothing was changed.',
  },
  NOT_FOUND: {
    text: 'Nothing of that name is there, or the token may not see it. Check the graph and target (--graph), and concord whoami.',
  },
  FORBIDDEN: {
    text: 'The token is known and may not do this here. concord whoami shows what it may; somebody with schema:govern makes another one.',
  },
  UNAUTHENTICATED: { text: 'The registry does not know who asks. Set CONCORD_TOKEN.' },
  TOKEN_MISSING: {
    text: 'No token was sent. Set CONCORD_TOKEN, or name a file with --token-file.',
  },
  TOKEN_INVALID: {
    text: 'The registry does not accept the token: it is mistyped, of another registry, or an access token of another audience. Make a new one.',
  },
  TOKEN_EXPIRED: { text: 'The token has ended. Make a new one: concord target tokens create.' },
  TOKEN_REVOKED: {
    text: 'Somebody has revoked the token. concord history list --action token.revoked tells who.',
  },
  IDENTITY_UNAVAILABLE: {
    text: 'The registry cannot reach the identity provider that would verify the token. Try again shortly.',
  },
  SEGREGATION_OF_DUTIES: {
    text: 'Two people are needed: who asked for an override or wrote a revision does not decide on it. Another one with schema:review does.',
    page: 'docs/policies/reviews.md',
  },
  ILLEGAL_TRANSITION: {
    text: 'What was asked for is not possible in the state that it is in; the message names what is.',
  },
  VERSION_CONFLICT: {
    text: 'Somebody else changed it since it was read, or there is a newer revision. Look at it, then repeat.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    text: 'The same key was used for another request. Run the command again.',
  },
  PROPOSAL_NOT_COMPOSABLE: {
    text: 'The proposed contracts do not compose, so nobody can tell what they change. A draft may be so; it cannot be opened.',
  },
  PROPOSAL_CHECK_REFUSED: {
    text: 'The check did not even look at the proposed contracts; the message says why.',
  },
  INTERNAL_SERVER_ERROR: {
    text: 'The registry failed. Quote the correlation id to those who run it: it finds every trace of the request.',
  },
  // Findings in a history.
  ENTRY_EDITED: {
    text: 'The next entry names another hash than this entry has: its text was changed after it was written.',
  },
  ENTRY_REMOVED: { text: 'Numbers are missing: entries were taken out.' },
  ENTRY_REORDERED: {
    text: 'An entry comes after one with a higher number: they were put elsewhere.',
  },
  ENTRY_WITHHELD: {
    text: 'An export that says it is of the whole registry tells only the hash of an entry.',
  },
  ROOT_DIFFERS: {
    text: 'A signed checkpoint states another Merkle root than the entries have: one of those before it is not what was signed for.',
  },
  CHECKPOINT_FORGED: { text: 'A checkpoint names a trusted key that did not sign it.' },
  CHECKPOINT_FOREIGN: { text: 'A checkpoint belongs to the history of another registry.' },
  TRUNCATED: { text: 'A checkpoint states more entries than there are: the end was cut off.' },
  UNSIGNED: {
    text: 'No checkpoint of a trusted key covers the last entries. Check which keys were given with --keys.',
  },
  UNREADABLE: { text: 'A line of the export cannot be read, or the file is no export.' },
  // This program's own.
  USAGE: {
    text: 'The command line, or a file that it names, cannot be used. --help shows how the command is called.',
  },
  CONFIGURATION: {
    text: 'Registry, graph or token are not configured, or wrongly. Flags win over CONCORD_REGISTRY, CONCORD_GRAPH and CONCORD_TOKEN, and those over concord.config.json. concord doctor looks at all of it.',
  },
  UNREACHABLE: {
    text: 'The registry does not answer, or fails. Check its address; concord doctor looks step by step.',
  },
  TIMEOUT: {
    text: 'The registry did not answer in time. What was sent may still be done: look before you repeat it, or raise --timeout.',
  },
  INTERRUPTED: { text: 'The command was interrupted. What was sent may still be done.' },
  BUG: { text: 'This program failed. Please report it with what it printed.' },
};
