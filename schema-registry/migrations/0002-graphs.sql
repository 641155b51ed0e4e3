-- Every text that was ever published, once, under its hash: subgraphs' contracts, supergraphs, API schemas.
create table document (
  sha256 text primary key,
  body text not null
);

-- A federated graph, and the targets (stages) within it that have a supergraph each.
create table graph (
  id uuid primary key,
  slug text not null unique,
  title text not null,
  created_at timestamptz not null
);

create table target (
  id uuid primary key,
  graph_id uuid not null references graph,
  slug text not null,
  -- What gateways are given now; changed only together with a new row in supergraph_version.
  current_version_id uuid,
  created_at timestamptz not null,
  unique (graph_id, slug)
);

alter table subgraph_version rename to subgraph_version_before;
alter table supergraph_version rename to supergraph_version_before;
alter index subgraph_version_pkey rename to subgraph_version_before_pkey;
alter index supergraph_version_pkey rename to supergraph_version_before_pkey;

-- One version of a subgraph's contract in a target; never changed. `version` is semantic, `number` counts up.
create table subgraph_version (
  target_id uuid not null references target,
  subgraph text not null,
  number integer not null,
  version text not null,
  url text not null,
  sha256 text not null references document,
  author text,
  commit_id text,
  published_by text not null,
  published_at timestamptz not null,
  primary key (target_id, subgraph, number)
);

-- One version of a target's supergraph; never changed. `members` says of which contract versions it is composed.
create table supergraph_version (
  id uuid primary key,
  target_id uuid not null references target,
  number integer not null,
  version text not null,
  major integer not null,
  cause text not null check (cause in ('PUBLISH', 'RETIRE', 'PROMOTE', 'ROLLBACK', 'CONTRACTS')),
  supergraph_sha256 text not null references document,
  api_sha256 text not null references document,
  members jsonb not null,
  -- The differences of the API schema to the version before, as the check found them.
  changes jsonb not null,
  author text,
  commit_id text,
  published_by text not null,
  published_at timestamptz not null,
  unique (target_id, number)
);
create index supergraph_version_major on supergraph_version (target_id, major, number);
alter table target add foreign key (current_version_id) references supergraph_version;

-- A contract: the part of a target's graph that its tags let through.
create table contract (
  target_id uuid not null references target,
  name text not null,
  include_tags text[] not null,
  exclude_tags text[] not null,
  -- Classification tags that must not be seen through this contract, such as `bank`.
  forbidden_tags text[] not null,
  remove_unreachable boolean not null,
  created_by text not null,
  created_at timestamptz not null,
  primary key (target_id, name)
);

-- What a contract was in one version of the supergraph.
create table contract_version (
  supergraph_version_id uuid not null references supergraph_version,
  contract text not null,
  supergraph_sha256 text not null references document,
  api_sha256 text not null references document,
  primary key (supergraph_version_id, contract)
);

-- A check as it was answered.
create table schema_check (
  id uuid primary key,
  target_id uuid not null references target,
  base_version_id uuid references supergraph_version,
  context_id text,
  -- subgraph → { sha256, url } or null for one that is taken out.
  input jsonb not null,
  input_sha256 text not null,
  conclusion text not null check (conclusion in ('PASSED', 'FAILED')),
  result jsonb not null,
  author text,
  commit_id text,
  created_by text not null,
  created_at timestamptz not null
);
create index schema_check_target on schema_check (target_id, id);
create index schema_check_context on schema_check (target_id, context_id);

-- The contracts that the minimum registry had become the first history of production. Its supergraphs are composed anew
-- by the next publication: they had neither a semantic version nor a diff.
insert into graph (id, slug, title, created_at) select gen_random_uuid(), 'finance', 'Finance', now()
  where exists (select from subgraph_version_before);
insert into target (id, graph_id, slug, created_at) select gen_random_uuid(), id, 'production', now() from graph;
insert into document (sha256, body) select distinct on (sdl_sha256) sdl_sha256, sdl from subgraph_version_before;
insert into subgraph_version (target_id, subgraph, number, version, url, sha256, published_by, published_at)
  select target.id, subgraph, version, '1.' || version - 1 || '.0', url, sdl_sha256, published_by, published_at
  from subgraph_version_before, target;
drop table subgraph_version_before;
drop table supergraph_version_before;
