-- What we know of suppliers, orders and receipts: projections, fed by events of their owners.
create table supplier (
  id text primary key,
  number text not null,
  legal_name text not null,
  status text not null,
  blocks text[] not null default '{}',
  sequence bigint not null
);
create table supplier_key (
  supplier_id text not null references supplier on delete cascade,
  kind text not null check (kind in ('TAX', 'ENDPOINT', 'NAME')),
  value text not null,
  primary key (kind, value, supplier_id)
);
create index supplier_key_supplier on supplier_key (supplier_id);

create table purchase_order (
  id text primary key,
  number text not null,
  erp_number text,
  requisition_id text not null,
  company_code text not null,
  cost_centre_id text not null,
  category text not null,
  requester_id text not null,
  supplier_id text not null,
  currency text not null,
  status text not null,
  correlation_id text not null,
  version bigint not null
);
create index purchase_order_number on purchase_order (company_code, number);
create index purchase_order_erp_number on purchase_order (company_code, erp_number);
create table purchase_order_line (
  id text primary key,
  purchase_order_id text not null references purchase_order on delete cascade,
  line_number integer not null,
  description text not null,
  quantity numeric not null,
  unit_code text not null,
  unit_price numeric not null,
  price_quantity numeric not null check (price_quantity > 0),
  net_amount_minor bigint not null
);
create index purchase_order_line_order on purchase_order_line (purchase_order_id);
create table goods_receipt_line (
  goods_receipt_id text not null,
  purchase_order_line_id text not null,
  quantity numeric not null,
  reversed boolean not null default false,
  primary key (goods_receipt_id, purchase_order_line_id)
);
create index goods_receipt_line_order_line on goods_receipt_line (purchase_order_line_id) where not reversed;

-- Tolerances and limits, most specific row first: company before '*', category before '*'.
-- Amounts are major units of the document's currency; an upper bound needs a percentage, an absolute value, or both.
create table match_policy (
  company_code text not null,
  category text not null,
  level text not null check (level in ('TWO_WAY', 'THREE_WAY')),
  price_upper_percent numeric check (price_upper_percent >= 0),
  price_upper_absolute numeric check (price_upper_absolute >= 0),
  price_lower_percent numeric check (price_lower_percent >= 0),
  price_lower_absolute numeric check (price_lower_absolute >= 0),
  quantity_upper_percent numeric check (quantity_upper_percent >= 0),
  quantity_upper_absolute numeric check (quantity_upper_absolute >= 0),
  negligible_amount numeric not null check (negligible_amount >= 0),
  unordered_amount numeric not null check (unordered_amount >= 0),
  unplanned_charges numeric not null check (unplanned_charges >= 0),
  tax_difference numeric not null check (tax_difference >= 0),
  amount_limit numeric check (amount_limit > 0),
  version integer not null default 1,
  primary key (company_code, category),
  check (coalesce(price_upper_percent, price_upper_absolute) is not null),
  check (coalesce(quantity_upper_percent, quantity_upper_absolute) is not null)
);
insert into match_policy (company_code, category, level, price_upper_percent, price_upper_absolute, price_lower_percent,
  price_lower_absolute, quantity_upper_percent, quantity_upper_absolute, negligible_amount, unordered_amount,
  unplanned_charges, tax_difference, amount_limit)
values
  ('*', '*', 'THREE_WAY', 2, 500, 25, null, 0, 0, 0.05, 250, 100, 0.10, 1000000),
  -- A service has no goods receipt to wait for.
  ('*', 'SERVICES', 'TWO_WAY', 2, 500, 25, null, 0, 0, 0.05, 250, 100, 0.10, 1000000),
  ('PL01', '*', 'THREE_WAY', 2, 2000, 25, null, 0, 0, 0.20, 1000, 400, 0.40, 4000000),
  ('JP01', '*', 'THREE_WAY', 2, 80000, 25, null, 0, 0, 5, 40000, 16000, 10, 160000000);

create table invoice (
  id text primary key,
  number text not null unique,
  kind text not null check (kind in ('STANDARD', 'CREDIT_MEMO')),
  status text not null,
  payment_status text not null,
  version bigint not null,
  correlation_id text not null,
  company_code text not null,
  cost_centre_id text,
  owner_id text,
  supplier_id text,
  seller_key text not null,
  seller_name text not null,
  purchase_order_id text,
  requisition_id text,
  supplier_invoice_number text not null,
  normalised_number text not null,
  issued_on date not null,
  due_on date,
  currency text not null,
  net_amount_minor bigint not null,
  tax_amount_minor bigint not null,
  gross_amount_minor bigint not null,
  payable_minor bigint not null,
  order_reference text,
  details jsonb not null,
  source jsonb not null,
  erp_number text,
  refusal jsonb,
  reason text,
  captured_by text not null,
  captured_at timestamptz not null,
  changed_at timestamptz not null,
  check (gross_amount_minor = net_amount_minor + tax_amount_minor),
  check ((supplier_id is null) = (status = 'SUPPLIER_UNKNOWN') or status in ('REJECTED', 'CANCELLED'))
);
-- One supplier's number is captured once, however many try at once; rejecting or cancelling sets it free.
-- Names and numbers on a stranger's invoice prove nothing yet: while its supplier is unknown, only the very same document
-- is its duplicate, and resolving it meets the first index before anything can be posted.
create unique index invoice_supplier_number on invoice (supplier_id, kind, normalised_number)
  where supplier_id is not null and status not in ('REJECTED', 'CANCELLED');
create unique index invoice_seller_number on invoice (seller_key, kind, normalised_number)
  where supplier_id is not null and status not in ('REJECTED', 'CANCELLED');
create unique index invoice_stranger_document on invoice (seller_key, kind, normalised_number, (source->>'sha256'))
  where supplier_id is null and status not in ('REJECTED', 'CANCELLED');
create index invoice_purchase_order on invoice (purchase_order_id, id) where purchase_order_id is not null;
create index invoice_requisition on invoice (requisition_id, id) where requisition_id is not null;
create index invoice_cost_centre on invoice (cost_centre_id, id) where cost_centre_id is not null;
create index invoice_supplier on invoice (supplier_id, id) where supplier_id is not null;
create index invoice_status on invoice (status, id);
create index invoice_company on invoice (company_code, id);
create index invoice_correlation on invoice (correlation_id);
create index invoice_unordered_reference on invoice (company_code, order_reference)
  where purchase_order_id is null and order_reference is not null;

create table invoice_line (
  id text primary key,
  invoice_id text not null references invoice on delete cascade,
  line_number integer not null,
  supplier_line_id text not null,
  description text not null,
  quantity numeric not null,
  unit_code text not null,
  unit_price numeric not null,
  price_quantity numeric not null,
  net_amount_minor bigint not null,
  order_line_reference text,
  tax_category text not null,
  tax_percent numeric,
  purchase_order_line_id text,
  unique (invoice_id, line_number)
);
create index invoice_line_order_line on invoice_line (purchase_order_line_id) where purchase_order_line_id is not null;

create table hold (
  id text primary key,
  invoice_id text not null references invoice on delete cascade,
  invoice_line_id text,
  code text not null,
  status text not null check (status in ('OPEN', 'RELEASED', 'LIFTED')),
  expected text not null,
  actual text not null,
  excess numeric not null,
  message text not null,
  placed_at timestamptz not null,
  closed_at timestamptz,
  closed_by text,
  closing_reason text
);
create index hold_invoice on hold (invoice_id, id);
create index hold_open on hold (code, invoice_id) where status = 'OPEN';

create table payment (
  id text primary key,
  invoice_id text not null,
  erp text not null,
  number text not null,
  amount_minor bigint not null,
  currency text not null,
  status text not null check (status in ('SCHEDULED', 'PAID', 'RETURNED')),
  value_on date,
  erp_sequence bigint not null,
  version bigint not null,
  reported_at timestamptz not null,
  unique (erp, number, invoice_id)
);
create index payment_invoice on payment (invoice_id, id);
