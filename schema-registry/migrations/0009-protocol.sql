-- Contracts that pipelines pushed under a name of their own, to publish them later. A name never gets another text.
create table pushed_revision (
  target_id uuid not null references target,
  subgraph text not null,
  revision text not null,
  sha256 text not null,
  sdl text not null,
  pushed_by text not null,
  pushed_at timestamptz not null,
  -- Null once it was published: then it is kept as long as the registry is.
  expires_at timestamptz,
  primary key (target_id, subgraph, revision)
);
create index pushed_revision_expiry on pushed_revision (expires_at);
