-- What other rooms own, as far as decisions here need it; fed by their events, newest sequence wins.
create table supplier_projection (
  id text primary key,
  number text not null,
  legal_name text not null,
  status text not null,
  blocks text[] not null,
  sequence integer not null
);
create table cost_centre_projection (
  id text primary key,
  company_code text not null,
  name text not null,
  status text not null,
  sequence integer not null
);

create table requisition (
  id text primary key,
  number text not null unique,
  version integer not null check (version > 0),
  status text not null check (status in (
    'DRAFT', 'SUBMITTED', 'PENDING_APPROVAL', 'APPROVED', 'ORDERED', 'CLOSED', 'REJECTED', 'RETURNED', 'WITHDRAWN', 'CANCELLED')),
  company_code text not null,
  cost_centre_id text not null,
  category text not null,
  requester_id text not null,
  supplier_id text not null,
  title text not null,
  justification text,
  needed_by date,
  total_minor bigint not null check (total_minor >= 0),
  currency text not null,
  submitted_on date,
  submitted_version integer,
  document_hash text not null,
  correlation_id text not null unique,
  purchase_order_id text unique,
  decided_by text,
  decision_comment text,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index requisition_company on requisition (company_code, id);
create index requisition_cost_centre on requisition (cost_centre_id, id);
create index requisition_supplier on requisition (supplier_id, id);
create index requisition_requester on requisition (requester_id, id);
create index requisition_status on requisition (status, id);

create table requisition_line (
  id text primary key,
  requisition_id text not null references requisition,
  line_number integer not null,
  description text not null,
  category text not null,
  quantity numeric not null check (quantity > 0),
  unit_code text not null,
  unit_price numeric not null check (unit_price >= 0),
  price_quantity numeric not null check (price_quantity > 0),
  net_minor bigint not null check (net_minor >= 0),
  currency text not null,
  over_delivery_percent numeric not null check (over_delivery_percent between 0 and 100),
  under_delivery_percent numeric not null check (under_delivery_percent between 0 and 100),
  needed_by date,
  unique (requisition_id, line_number)
);

-- Submissions that have asked, or are about to ask, another service for funds and have not ended yet. What a crash
-- leaves here is swept: the funds are released unless the requisition was submitted.
create table submission_attempt (
  id text primary key,
  requisition_id text not null references requisition,
  requisition_version integer not null,
  correlation_id text not null,
  started_at timestamptz not null
);
create index submission_attempt_requisition on submission_attempt (requisition_id);
create index submission_attempt_age on submission_attempt (started_at);

create table purchase_order (
  id text primary key,
  number text not null unique,
  version integer not null check (version > 0),
  status text not null check (status in ('APPROVED', 'DISPATCHED', 'CHANGE_PENDING', 'CLOSED', 'CANCELLED')),
  requisition_id text not null unique references requisition,
  company_code text not null,
  cost_centre_id text not null,
  category text not null,
  requester_id text not null,
  supplier_id text not null,
  total_minor bigint not null check (total_minor >= 0),
  currency text not null,
  document_hash text not null,
  correlation_id text not null,
  erp_number text,
  erp_version integer,
  order_version integer not null,
  approved_order_version integer not null,
  end_reason text,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index purchase_order_company on purchase_order (company_code, id);
create index purchase_order_cost_centre on purchase_order (cost_centre_id, id);
create index purchase_order_supplier on purchase_order (supplier_id, id);
create index purchase_order_requester on purchase_order (requester_id, id);
create index purchase_order_status on purchase_order (status, id);

create table purchase_order_line (
  id text primary key,
  purchase_order_id text not null references purchase_order,
  line_number integer not null,
  description text not null,
  category text not null,
  quantity numeric not null check (quantity > 0),
  unit_code text not null,
  unit_price numeric not null check (unit_price >= 0),
  price_quantity numeric not null check (price_quantity > 0),
  net_minor bigint not null check (net_minor >= 0),
  currency text not null,
  over_delivery_percent numeric not null check (over_delivery_percent between 0 and 100),
  under_delivery_percent numeric not null check (under_delivery_percent between 0 and 100),
  needed_by date,
  received_quantity numeric not null default 0 check (received_quantity >= 0),
  invoiced_quantity numeric not null default 0,
  unique (purchase_order_id, line_number)
);

-- What an order said at one time; only the decision on it is added, once.
create table purchase_order_version (
  purchase_order_id text not null references purchase_order,
  number integer not null,
  status text not null check (status in ('APPLIED', 'PENDING', 'APPROVED', 'REJECTED')),
  lines jsonb not null,
  differences jsonb not null,
  total_minor bigint not null,
  change_minor bigint not null,
  currency text not null,
  document_hash text not null,
  document_version integer not null,
  reason text,
  created_by text not null,
  created_at timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  decision_comment text,
  primary key (purchase_order_id, number)
);
create unique index purchase_order_version_pending on purchase_order_version (purchase_order_id) where status = 'PENDING';

create function refuse_version_rewrite() returns trigger language plpgsql as $$
begin
  if old.status <> 'PENDING' or (new.lines, new.differences, new.total_minor, new.document_hash)
     is distinct from (old.lines, old.differences, old.total_minor, old.document_hash) then
    raise exception 'Version % of order % is immutable; make a new version.', old.number, old.purchase_order_id;
  end if;
  return new;
end
$$;
create trigger purchase_order_version_immutable before update on purchase_order_version
  for each row execute function refuse_version_rewrite();

create table goods_receipt (
  id text primary key,
  number text not null unique,
  version integer not null check (version > 0),
  status text not null check (status in ('POSTED', 'REVERSED')),
  purchase_order_id text not null references purchase_order,
  company_code text not null,
  cost_centre_id text not null,
  requester_id text not null,
  posted_on date not null,
  posted_by text not null check (posted_by <> requester_id),
  delivery_note text,
  reversed_by text,
  reversal_reason text,
  correlation_id text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index goods_receipt_order on goods_receipt (purchase_order_id, id);

create table goods_receipt_line (
  id text primary key,
  goods_receipt_id text not null references goods_receipt,
  purchase_order_line_id text not null references purchase_order_line,
  line_number integer not null,
  quantity numeric not null check (quantity > 0),
  unit_code text not null,
  unique (goods_receipt_id, line_number)
);
create index goods_receipt_line_order_line on goods_receipt_line (purchase_order_line_id);

-- Quantities of posted invoices by order line, so that a cancelled invoice gives back what it took.
create table invoice_projection (
  invoice_id text not null,
  invoice_line_id text not null,
  purchase_order_line_id text not null,
  -- Negative for a credit memo.
  quantity numeric not null,
  primary key (invoice_id, invoice_line_id)
);
