-- One version of who approves what. Rules are one document: they are written once and read as a whole.
create table approval_policy (
  id text collate "C" primary key,
  version integer not null unique check (version > 0),
  name text not null,
  status text not null check (status in ('DRAFT', 'ACTIVE', 'RETIRED')),
  effective_from date not null,
  effective_to date,
  fallback_approver_ids text[] not null,
  rules jsonb not null,
  author_id text not null,
  activator_id text,
  created_at timestamptz not null,
  activated_at timestamptz,
  check (effective_to is null or effective_to >= effective_from)
);
-- Only one policy is open-ended, so that one day never has two.
create unique index approval_policy_in_force on approval_policy ((true)) where status <> 'DRAFT' and effective_to is null;

-- One round of approval of one version of a document.
create table approval_request (
  id text collate "C" primary key,
  document_type text not null check (document_type in ('REQUISITION', 'PURCHASE_ORDER')),
  document_id text not null,
  document_number text not null,
  document_version integer not null,
  document_hash text not null,
  company_code text not null,
  cost_centre_id text not null,
  category text not null,
  requester_id text not null,
  submitter_id text not null,
  amount_minor bigint not null,
  currency text not null,
  submitted_on date not null,
  round integer not null check (round > 0),
  status text not null check (status in ('UNROUTABLE', 'PENDING_APPROVAL', 'APPROVED', 'REJECTED', 'RETURNED', 'WITHDRAWN')),
  policy_id text references approval_policy,
  policy_version integer,
  rule_name text,
  stage_modes text[] not null,
  unroutable_reason text,
  version integer not null check (version > 0),
  correlation_id text not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  closed_by_id text,
  comment text,
  unique (document_id, round),
  check ((status in ('UNROUTABLE', 'PENDING_APPROVAL')) = (closed_at is null)),
  check (status <> 'PENDING_APPROVAL' or policy_id is not null)
);
-- A document has at most one round that waits for somebody.
create unique index approval_request_undecided on approval_request (document_id) where status in ('UNROUTABLE', 'PENDING_APPROVAL');
create index approval_request_waiting_for_manager on approval_request (cost_centre_id) where status = 'UNROUTABLE';
create index approval_request_status on approval_request (status, id);

create table approval_task (
  id text collate "C" primary key,
  request_id text not null references approval_request,
  stage integer not null check (stage > 0),
  position integer not null check (position > 0),
  approver_id text not null,
  status text not null check (status in ('WAITING', 'PENDING', 'APPROVED', 'REJECTED', 'RETURNED', 'DELEGATED', 'OBSOLETE', 'SKIPPED')),
  origin text not null check (origin in ('RULE', 'FALLBACK', 'HANDED_OVER')),
  previous_task_id text references approval_task,
  note text,
  pending_since timestamptz,
  decided_at timestamptz,
  decided_by_id text
);
create index approval_task_request on approval_task (request_id, stage, position, id);
create index approval_task_approver on approval_task (approver_id, status, id);

-- Written once; the unique task is the last wall against two decisions on one.
create table approval_decision (
  id text collate "C" primary key,
  request_id text not null references approval_request,
  task_id text not null unique references approval_task,
  actor_id text not null,
  on_behalf_of_id text,
  outcome text not null check (outcome in ('APPROVED', 'REJECTED', 'RETURNED')),
  comment text,
  policy_version integer,
  document_version integer not null,
  document_hash text not null,
  decided_at timestamptz not null
);
create index approval_decision_request on approval_decision (request_id, id);

create table delegation (
  id text collate "C" primary key,
  from_id text not null,
  to_id text not null,
  company_code text,
  max_amount_minor bigint,
  max_currency text,
  starts_on date not null,
  ends_on date not null,
  reason text not null,
  status text not null check (status in ('ACTIVE', 'ENDED')),
  created_at timestamptz not null,
  ended_at timestamptz,
  version integer not null,
  check (from_id <> to_id),
  check (starts_on <= ends_on),
  check ((max_amount_minor is null) = (max_currency is null))
);
create index delegation_from on delegation (from_id) where status = 'ACTIVE';
create index delegation_to on delegation (to_id) where status = 'ACTIVE';

-- What the budgets service tells of cost centres; `sequence` keeps an older word from replacing a newer one.
create table cost_centre (
  id text primary key,
  company_code text not null,
  manager_id text not null,
  sequence integer not null
);

-- One unit of `from_currency` is worth `rate` units of `to_currency` from that day on, until a later row.
create table exchange_rate (
  from_currency text not null,
  to_currency text not null,
  valid_from date not null,
  rate numeric not null check (rate > 0),
  primary key (from_currency, to_currency, valid_from)
);

-- Everybody for whom a person may act on a day, the person included, following at most `hops_max` delegations.
create function acting_for(person text, on_day date, hops_max integer) returns setof text
language sql stable as $$
  with recursive acting (person_id, hops) as (
    select person, 0
    union
    select delegation.from_id, acting.hops + 1
    from acting join delegation on delegation.to_id = acting.person_id
    where acting.hops < hops_max and delegation.status = 'ACTIVE'
      and on_day between delegation.starts_on and delegation.ends_on
  )
  select distinct person_id from acting
$$;
