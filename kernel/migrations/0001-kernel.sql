-- Facts waiting to be relayed to the bus; they stay as the truth that a replay reads.
create table outbox (
  position bigint generated always as identity primary key,
  event_id text not null unique,
  cloud_event jsonb not null,
  created_at timestamptz not null default now(),
  published_at timestamptz
);
create index outbox_unpublished on outbox (position) where published_at is null;

-- Which events a consumer has taken, and those it could not.
create table inbox_cursor (
  consumer text primary key,
  bus_position bigint not null
);
create table inbox (
  consumer text not null,
  event_id text not null,
  taken_at timestamptz not null default now(),
  primary key (consumer, event_id)
);
create table inbox_parked (
  consumer text not null,
  event_id text not null,
  bus_position bigint not null,
  document_id text not null,
  cloud_event jsonb not null,
  attempts integer not null,
  last_error text not null,
  parked_at timestamptz not null default now(),
  primary key (consumer, event_id)
);
create index inbox_parked_document on inbox_parked (consumer, document_id);

-- First answers of commands, by the caller's key.
create table idempotency (
  caller text not null,
  key text not null,
  operation text not null,
  fingerprint text not null,
  answer text,
  created_at timestamptz not null default now(),
  primary key (caller, key)
);

-- Human document numbers, gapless per series.
create table number_series (
  series text primary key,
  last_number bigint not null
);

-- May a viewer with this read scope see a row of that company, cost centre and owner? What belongs to
-- every company (`*`, as suppliers do) is not hidden by company.
create function visible(scope jsonb, company text, cost_centre text, owner text) returns boolean
language sql immutable parallel safe
return coalesce(company = '*' or scope->'companies' ? '*' or scope->'companies' ? company, false)
  and (
    cost_centre is null
    or scope->'costCentres' ? '*'
    or scope->'costCentres' ? cost_centre
    or coalesce(owner = scope->>'viewerId', false)
  );

-- The relay may see the outbox of every schema and nothing else.
do $$
begin
  if exists (select from pg_roles where rolname = 'concord_relay') then
    execute format('grant usage on schema %I to concord_relay', current_schema());
    grant select on outbox to concord_relay;
    grant update (published_at) on outbox to concord_relay;
  end if;
end
$$;
