-- The one order of all events. Positions are given under the head's row lock, so they are visible in
-- their own order: a reader that has seen position n will never find a smaller one later.
create table event (
  position bigint primary key,
  event_id text not null unique,
  document_id text not null,
  correlation_id text not null,
  cloud_event jsonb not null,
  occurred_at timestamptz not null
);
create index event_document on event (document_id, position);
create index event_correlation on event (correlation_id, position);
create index event_occurred on event (occurred_at);

create table head (
  singleton boolean primary key default true check (singleton),
  position bigint not null,
  trimmed_to bigint not null
);
insert into head (position, trimmed_to) values (0, 0);

create function append_events(events jsonb) returns table (entry_position bigint, entry jsonb)
language plpgsql as $$
declare
  last bigint;
begin
  select head.position into last from head for update;
  return query
    with fresh as (
      select value, row_number() over (order by ordinality) as place
      from (
        -- The same id twice in one batch is one event, too.
        select distinct on (value->>'id') value, ordinality
        from jsonb_array_elements(events) with ordinality
        order by value->>'id', ordinality
      ) as once
      where not exists (select 1 from event where event.event_id = value->>'id')
    ), inserted as (
      insert into event (position, event_id, document_id, correlation_id, cloud_event, occurred_at)
      select last + place, value->>'id', value->>'partitionkey', value->>'correlationid', value, (value->>'time')::timestamptz
      from fresh
      returning event.position, event.cloud_event
    ), moved as (
      update head set position = last + (select count(*) from inserted)
    )
    select inserted.position, inserted.cloud_event from inserted order by inserted.position;
end
$$;
