-- What a target asks of event contracts that say nothing of their own.
create table event_policy (
  target_id uuid primary key references target,
  compatibility text not null,
  openness text not null check (openness in ('STRICT', 'LENIENT'))
);

-- A type of event (ours), or of a message that an outside system sends, in a target.
create table event_type (
  target_id uuid not null references target,
  subject text not null,
  owner text not null,
  direction text not null check (direction in ('OUTBOUND', 'INBOUND')),
  -- Null: as the target's policy says.
  compatibility text,
  openness text check (openness in ('STRICT', 'LENIENT')),
  -- Counts up with every version; the current one has this number.
  newest integer not null,
  retired_by text,
  retired_at timestamptz,
  created_at timestamptz not null,
  primary key (target_id, subject)
);

-- One version of the payload's schema; never changed.
create table event_version (
  target_id uuid not null,
  subject text not null,
  number integer not null,
  version text not null,
  sha256 text not null references document,
  -- What the differences to the version before were, as they were found when it was published.
  differences jsonb not null,
  -- The GraphQL coordinates that properties of the payload name, with the form that each has there.
  graph_references jsonb not null,
  author text,
  commit_id text,
  published_by text not null,
  published_at timestamptz not null,
  primary key (target_id, subject, number),
  foreign key (target_id, subject) references event_type
);
