-- What each outside system knows of our documents. The row is made with the first delivery and is the lock
-- under which a worker's answer, a webhook and a poll meet.
create table erp_document (
  erp text not null,
  document_type text not null,
  document_id text not null,
  external_reference text not null,
  erp_number text,
  status text not null default 'NONE',
  erp_version bigint not null default 0,
  event_sequence integer not null default 0,
  updated_at timestamptz not null,
  primary key (erp, document_type, document_id),
  unique (erp, external_reference)
);
create index erp_document_id on erp_document (document_id);

-- One command that an outside system owes us an answer to. Its id is also the id of its job.
create table delivery (
  id text primary key,
  position bigint generated always as identity,
  erp text not null,
  document_type text not null,
  document_id text not null,
  document_number text not null,
  action text not null,
  document_version integer not null,
  external_reference text not null,
  depends_on_order_id text,
  event_id text not null unique,
  correlation_id text not null,
  traceparent text,
  actor_id text not null,
  company_code text not null,
  cost_centre_id text,
  owner_id text,
  payload jsonb not null,
  status text not null,
  version integer not null default 1,
  attempts integer not null default 0,
  erp_number text,
  erp_version bigint,
  last_code text,
  last_error text,
  last_sent_at timestamptz,
  waiting_since timestamptz,
  next_attempt_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index delivery_one_creation on delivery (document_type, document_id)
  where action = 'CREATE' and status <> 'CANCELLED';
create index delivery_document on delivery (document_id, position);
create index delivery_order on delivery (depends_on_order_id)
  where status in ('PENDING', 'SENDING');
create index delivery_correlation on delivery (correlation_id, position);
create index delivery_unsettled on delivery (erp, status, position)
  where status not in ('CONFIRMED', 'CANCELLED');

-- Everything an outside system told us, by webhook or by poll, once.
create table erp_message (
  source text not null,
  event_id text not null,
  erp_sequence bigint,
  event_type text not null,
  body jsonb not null,
  received_by text not null,
  outcome text not null,
  received_at timestamptz not null,
  primary key (source, event_id)
);
create index erp_message_quarantined on erp_message (source, event_type, erp_sequence)
  where outcome = 'QUARANTINED';

-- How far each change feed is read.
create table erp_feed (
  erp text primary key,
  system_id text not null,
  watermark bigint not null,
  polled_at timestamptz not null
);

create table erp_payment (
  erp text not null,
  payment_number text not null,
  invoice_id text not null,
  erp_version bigint not null,
  status text not null,
  primary key (erp, payment_number)
);

-- Projections: what a translation needs and another room owns.
create table supplier_number (
  supplier_id text primary key,
  number text not null,
  sequence integer not null
);
create table order_line (
  purchase_order_line_id text primary key,
  purchase_order_id text not null,
  line_number integer not null
);

-- What a person must look at. `subject` names what is wrong, so that it is never reported twice at once.
create table integration_exception (
  id text primary key,
  number text not null unique,
  subject text not null unique,
  kind text not null,
  code text not null,
  message text not null,
  suggested_action text not null,
  owner_role text not null,
  document_type text not null,
  document_id text not null,
  document_number text not null,
  delivery_id text references delivery (id),
  erp text,
  correlation_id text not null,
  company_code text not null,
  cost_centre_id text,
  owner_id text,
  status text not null,
  version integer not null,
  attempts integer not null,
  last_error text not null,
  assignee_id text,
  resolution_code text,
  resolution_comment text,
  raised_at timestamptz not null,
  updated_at timestamptz not null,
  resolved_at timestamptz,
  resolved_by text
);
create index integration_exception_open on integration_exception (number) where status <> 'RESOLVED';
create index integration_exception_document on integration_exception (document_id);
create index integration_exception_correlation on integration_exception (correlation_id);
create index integration_exception_delivery on integration_exception (delivery_id);

create table integration_exception_history (
  exception_id text not null references integration_exception (id),
  position bigint generated always as identity,
  event text not null,
  status text not null,
  actor_id text not null,
  detail text not null,
  occurred_at timestamptz not null,
  primary key (exception_id, position)
);

-- The way of every document, as people read it: one row per event of the bus.
create table thread_entry (
  position bigint generated always as identity primary key,
  event_id text not null unique,
  event_type text not null,
  correlation_id text not null,
  document_type text not null,
  document_id text not null,
  document_number text not null,
  document_status text not null,
  subject_id text not null,
  permission text not null,
  actor_id text not null,
  company_code text not null,
  cost_centre_id text,
  owner_id text,
  summary text not null,
  erp_number text,
  occurred_at timestamptz not null
);
create index thread_entry_correlation on thread_entry (correlation_id, position);
create index thread_entry_subject on thread_entry (subject_id, position);
