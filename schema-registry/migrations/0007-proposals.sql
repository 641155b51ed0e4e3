-- Who answers for a part of a target's graph: `subgraph:invoices`, `type:Invoice` or `classification:bank`.
create table owner (
  target_id uuid not null references target,
  subject text not null,
  team text not null,
  -- Ids of people as the identity provider gives them.
  members text[] not null,
  set_by text not null,
  set_at timestamptz not null,
  primary key (target_id, subject)
);

-- Times in which nothing is published, or into which no sunset may fall. They may overlap.
create table freeze_window (
  id uuid primary key,
  target_id uuid not null references target,
  kind text not null check (kind in ('PUBLISH', 'SUNSET', 'BOTH')),
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  reason text not null,
  created_by text not null,
  created_at timestamptz not null,
  cancelled_by text,
  cancelled_at timestamptz,
  check (starts_at < ends_at)
);
create index freeze_window_target on freeze_window (target_id, ends_at);

-- The last number that a target's proposals have used; its row is held while a proposal is numbered.
create table proposal_series (
  target_id uuid primary key references target,
  last_number integer not null
);

create table proposal (
  id uuid primary key,
  target_id uuid not null references target,
  number integer not null,
  state text not null
    check (state in ('DRAFT', 'OPEN', 'CHANGES_REQUESTED', 'SIGNED_OFF', 'IMPLEMENTED', 'CLOSED')),
  version integer not null,
  title text not null,
  description text not null,
  author_id text not null,
  author_name text not null,
  -- Number of the newest revision: the only one that reviews count for and that a publication may match.
  revision integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  closed_reason text,
  implemented_version_id uuid references supergraph_version,
  unique (target_id, number),
  check ((state = 'CLOSED') = (closed_reason is not null)),
  check ((state = 'IMPLEMENTED') = (implemented_version_id is not null))
);

-- What was proposed, each time anew; never changed.
create table proposal_revision (
  proposal_id uuid not null references proposal,
  number integer not null,
  summary text not null,
  -- Of all contracts together, however they are formatted.
  content_sha256 text not null,
  check_id uuid not null references schema_check,
  conclusion text not null check (conclusion in ('PASSED', 'FAILED')),
  composes boolean not null,
  -- The coordinates that it touches, with their subgraphs, classifications and changes.
  touched jsonb not null,
  author_id text not null,
  author_name text not null,
  -- The person behind a token; the author's own id otherwise.
  responsible_id text not null,
  created_at timestamptz not null,
  primary key (proposal_id, number)
);
create index proposal_revision_content on proposal_revision (content_sha256);

-- A contract of a revision: its text, or null when the subgraph is taken out.
create table proposal_contract (
  proposal_id uuid not null,
  revision integer not null,
  subgraph text not null,
  url text,
  sha256 text references document,
  content_sha256 text,
  primary key (proposal_id, revision, subgraph),
  foreign key (proposal_id, revision) references proposal_revision,
  check ((sha256 is null) = (content_sha256 is null))
);

-- What people said to a proposal. The first comment of a thread carries the thread's own id.
create table proposal_comment (
  id uuid primary key,
  -- The order in which they were made; ids of one millisecond have none.
  position bigint generated always as identity,
  proposal_id uuid not null,
  revision integer not null,
  thread_id uuid not null references proposal_comment deferrable initially deferred,
  coordinate text,
  author_id text not null,
  author_name text not null,
  body text not null,
  created_at timestamptz not null,
  resolved_by text,
  resolved_at timestamptz,
  foreign key (proposal_id, revision) references proposal_revision
);
create index proposal_comment_proposal on proposal_comment (proposal_id, position);

-- A reviewer's decision on a revision: on these coordinates, or on the whole when there are none. Never changed: a later one
-- of the same person takes its place.
create table proposal_review (
  id uuid primary key,
  -- The order in which they were given.
  position bigint generated always as identity,
  proposal_id uuid not null,
  revision integer not null,
  reviewer_id text not null,
  reviewer_name text not null,
  decision text not null check (decision in ('SIGN_OFF', 'CHANGE_REQUEST')),
  coordinates text[] not null,
  thread_id uuid references proposal_comment,
  created_at timestamptz not null,
  foreign key (proposal_id, revision) references proposal_revision
);
create index proposal_review_proposal on proposal_review (proposal_id, revision, position);

-- What was proposed and decided stays as it was.
create function refuse_rewriting() returns trigger language plpgsql as $$
begin
  raise exception 'Rows of % are only ever added: % is refused.', tg_table_name, tg_op;
end $$;
create trigger proposal_revision_stays before update or delete or truncate on proposal_revision
  for each statement execute function refuse_rewriting();
create trigger proposal_contract_stays before update or delete or truncate on proposal_contract
  for each statement execute function refuse_rewriting();
create trigger proposal_review_stays before update or delete or truncate on proposal_review
  for each statement execute function refuse_rewriting();
