-- Entries are forgotten by when they came, not by when their event occurred: an old event that was late on its way
-- must not take younger ones with it.
alter table event add column appended_at timestamptz not null default now();
create index event_appended on event (appended_at);
drop index event_occurred;

-- Names this log among others that share a Redis.
alter table head add column installation text not null default gen_random_uuid()::text;
