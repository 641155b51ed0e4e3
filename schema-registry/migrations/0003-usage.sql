-- An operation as gateways reported it: its text without literals, so that it holds no data of anybody's.
-- Two with the same text and different coordinates (variables differ) are two operations.
create table usage_operation (
  id bigint generated always as identity primary key,
  target_id uuid not null references target,
  hash text not null,
  name text not null,
  kind text not null check (kind in ('QUERY', 'MUTATION', 'SUBSCRIPTION', 'UNKNOWN')),
  -- Empty when it could not be read, because what cannot be read cannot be cleared of literals.
  body text not null,
  first_seen_at timestamptz not null,
  unique (target_id, hash)
);

-- What an operation asks for. `coordinate!`: an argument or input field that it always gives a value other than null.
create table usage_coordinate (
  target_id uuid not null references target,
  coordinate text not null,
  operation_id bigint not null references usage_operation on delete cascade,
  primary key (target_id, coordinate, operation_id)
);
create index usage_coordinate_operation on usage_coordinate (operation_id);

-- A client as it names itself; registered when it is first seen.
create table client_version (
  id bigint generated always as identity primary key,
  target_id uuid not null references target,
  client text not null,
  version text not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  unique (target_id, client, version)
);

-- Requests of one operation by one client version on one day (UTC). The fill factor leaves room to count in place.
create table usage_daily (
  operation_id bigint not null references usage_operation,
  client_version_id bigint not null references client_version,
  day date not null,
  requests bigint not null check (requests > 0),
  errors bigint not null,
  last_seen_at timestamptz not null,
  primary key (operation_id, day, client_version_id)
) with (fillfactor = 70);
create index usage_daily_client on usage_daily (client_version_id, day);
create index usage_daily_day on usage_daily using brin (day);

-- Who reports. Every gateway that is not retired is expected to report on every day.
create table usage_gateway (
  target_id uuid not null references target,
  gateway text not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  retired_at timestamptz,
  primary key (target_id, gateway)
);

-- That a gateway told about a day, even if it told that nothing was asked. `detail` is the weaker one of the day's reports.
create table reporting_coverage (
  target_id uuid not null references target,
  day date not null,
  gateway text not null,
  reports bigint not null,
  requests bigint not null,
  detail text not null check (detail in ('FULL', 'OUTPUT_FIELDS_ONLY')),
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (target_id, day, gateway),
  foreign key (target_id, gateway) references usage_gateway
) with (fillfactor = 70);

-- Reports that said who they are, so that one that comes again is not counted again.
create table usage_report (
  target_id uuid not null references target,
  report text not null,
  received_at timestamptz not null,
  primary key (target_id, report)
);
create index usage_report_received on usage_report using brin (received_at);

-- A client that is kept on a major version of the supergraph.
create table client_pin (
  target_id uuid not null references target,
  client text not null,
  major integer not null check (major >= 0),
  reason text not null,
  pinned_by text not null,
  pinned_at timestamptz not null,
  primary key (target_id, client)
);

-- One version of an app, with the documents that it may send by hash.
create table app (
  id uuid primary key,
  target_id uuid not null references target,
  name text not null,
  version text not null,
  status text not null check (status in ('PENDING', 'ACTIVE', 'RETIRED')),
  created_by text not null,
  created_at timestamptz not null,
  activated_at timestamptz,
  retired_at timestamptz,
  unique (target_id, name, version)
);

create table app_document (
  app_id uuid not null references app,
  hash text not null,
  body text not null,
  operation_name text,
  -- By usage reports that carry the document's id; behind the truth by up to an hour, to spare writes.
  last_used_at timestamptz,
  primary key (app_id, hash)
);

create table app_document_coordinate (
  app_id uuid not null,
  hash text not null,
  coordinate text not null,
  primary key (coordinate, app_id, hash),
  foreign key (app_id, hash) references app_document
);
