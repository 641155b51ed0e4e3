-- Every contract that was ever published stays; the current one of a subgraph is its newest.
create table subgraph_version (
  subgraph text not null,
  version integer not null,
  url text not null,
  sdl text not null,
  sdl_sha256 text not null,
  published_by text not null,
  published_at timestamptz not null,
  primary key (subgraph, version)
);

-- Every supergraph that was ever composed; `members` says of which contract versions.
create table supergraph_version (
  version integer primary key,
  sdl text not null,
  sdl_sha256 text not null,
  members jsonb not null,
  published_by text not null,
  published_at timestamptz not null
);
