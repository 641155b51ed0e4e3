-- Announced ends of coordinates, as publications brought them. `announced_on` starts the notice; a coordinate that is
-- published without its deprecation again, or not at all, ends its row.
create table deprecation (
  target_id uuid not null references target,
  coordinate text not null,
  reason text not null,
  sunset_on date,
  replacement text,
  owner text,
  announced_on date not null,
  ended_on date,
  ended_as text check (ended_as in ('REMOVED', 'WITHDRAWN')),
  primary key (target_id, coordinate, announced_on)
);
create unique index deprecation_open on deprecation (target_id, coordinate) where ended_on is null;
create index deprecation_sunset on deprecation (sunset_on) where ended_on is null;

-- Reminders that were given, so that each is given once: 90, 30, 7 and 0 days before a sunset.
create table sunset_reminder (
  target_id uuid not null references target,
  coordinate text not null,
  sunset_on date not null,
  days_before integer not null,
  reminded_at timestamptz not null,
  primary key (target_id, coordinate, sunset_on, days_before)
);

-- Permission for one breaking change, by two people, for a time. It is bound to the change by its content.
create table override (
  id uuid primary key,
  target_id uuid not null references target,
  change_hash text not null,
  change_type text not null,
  coordinate text,
  message text not null,
  reason text not null,
  state text not null check (state in ('REQUESTED', 'GRANTED', 'REFUSED', 'WITHDRAWN')),
  requested_by text not null,
  requested_at timestamptz not null,
  expires_at timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  comment text,
  version integer not null,
  check (decided_by is null or decided_by <> requested_by or state = 'WITHDRAWN')
);
create index override_change on override (target_id, change_hash);

-- Where reminders and other news of a graph are sent, signed.
create table webhook (
  id uuid primary key,
  target_id uuid not null references target,
  url text not null,
  sealed_secret text not null,
  event_types text[] not null,
  created_by text not null,
  created_at timestamptz not null,
  removed_at timestamptz
);

create table webhook_delivery (
  id uuid primary key,
  webhook_id uuid not null references webhook,
  event_type text not null,
  body text not null,
  attempts integer not null,
  next_attempt_at timestamptz,
  delivered_at timestamptz,
  last_error text,
  created_at timestamptz not null
);
create index webhook_delivery_due on webhook_delivery (next_attempt_at) where next_attempt_at is not null;
