-- Every decision, once, in the order in which they committed. `body` is the canonical JSON that is hashed and exported;
-- the other columns repeat parts of it for look-ups.
create table history_entry (
  seq bigint primary key,
  id uuid not null unique,
  action text not null,
  actor_id text not null,
  graph_id uuid not null,
  target_id uuid,
  subject text not null,
  at timestamptz not null,
  leaf_hash text not null,
  body text not null
);
create index history_entry_graph on history_entry (graph_id, seq);
create index history_entry_subject on history_entry (subject, seq);

-- Where the history ends: its size, the hash of its last entry, and the tops of the full subtrees that its Merkle root is
-- made of. Whoever appends holds this row until the transaction ends, so that numbers have no gaps.
create table history_head (
  singleton boolean primary key default true check (singleton),
  -- Names this log in its signed checkpoints.
  origin text not null,
  size bigint not null,
  last_hash text not null,
  frontier text[] not null
);
insert into history_head (origin, size, last_hash, frontier)
  values ('concord-registry/' || gen_random_uuid(), 0, '', '{}');

-- Signed statements of how long the history was and what its root was; kept and handed out.
create table history_checkpoint (
  size bigint not null,
  kid text not null,
  note text not null,
  -- The tops of the full subtrees, from which the next checkpoint goes on.
  frontier text[] not null,
  at timestamptz not null,
  primary key (size, kid)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'The history is only ever added to: % of % is refused.', tg_op, tg_table_name;
end $$;
create trigger history_entry_stays before update or delete or truncate on history_entry
  for each statement execute function refuse_change();
create trigger history_checkpoint_stays before update or delete or truncate on history_checkpoint
  for each statement execute function refuse_change();
create trigger history_head_stays before delete or truncate on history_head
  for each statement execute function refuse_change();

-- Keys that the registry signs artefacts and checkpoints with. The private half is sealed under a secret of the
-- configuration; each key is endorsed by the one before it.
create table signing_key (
  kid text primary key,
  public_jwk jsonb not null,
  sealed_private_key text not null,
  state text not null check (state in ('ACTIVE', 'RETIRED')),
  created_at timestamptz not null,
  retired_at timestamptz,
  endorsed_by text references signing_key,
  endorsement text
);
create unique index signing_key_active on signing_key (state) where state = 'ACTIVE';

-- Tokens of pipelines, gateways and reporters; the token itself is shown once and only its hash is kept.
create table access_token (
  id uuid primary key,
  token_sha256 text not null unique,
  -- The last characters, so that a person can tell which of two tokens is meant.
  hint text not null,
  title text not null,
  graph_id uuid not null references graph,
  target_id uuid references target,
  subgraph text,
  actions text[] not null,
  created_by text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_by text,
  last_used_at timestamptz
);
create index access_token_graph on access_token (graph_id, id);
