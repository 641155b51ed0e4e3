-- What a target has decided about its policy. Only what differs from the defaults of its kind: a new setting or rule has its
-- default everywhere until somebody decides otherwise. A target without a row has made no decision and is at version 0.
create table target_policy (
  target_id uuid primary key references target,
  policy jsonb not null,
  version integer not null check (version > 0),
  updated_by text not null,
  updated_at timestamptz not null
);
