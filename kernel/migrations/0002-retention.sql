-- Old rows are found by their age. The tables grow in that order, so the smallest kind of index does.
create index outbox_created on outbox using brin (created_at);
create index inbox_taken on inbox using brin (taken_at);
create index idempotency_created on idempotency using brin (created_at);
