-- The golden record. Suppliers are global: no company owns one, so no row carries a company.
create table supplier (
  id text primary key,
  number text not null unique,
  legal_name text not null,
  normalized_name text not null,
  trade_names text[] not null,
  legal_form text,
  country_code text not null,
  currency text not null,
  payment_terms_days integer not null,
  status text not null,
  version integer not null,
  correlation_id text not null,
  external_refs jsonb not null,
  created_by text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index supplier_status on supplier (status, number);

create table supplier_site (
  id text primary key,
  supplier_id text not null references supplier,
  name text not null,
  purpose text not null,
  address_lines text[] not null,
  city text not null,
  postal_code text,
  region text,
  country_code text not null,
  currency text not null,
  payment_terms_days integer not null
);
create index supplier_site_supplier on supplier_site (supplier_id, id);

-- One tax number belongs to one supplier, whoever asks first: the index decides between concurrent writers.
create table tax_registration (
  supplier_id text not null references supplier,
  country_code text not null,
  scheme text not null,
  number text not null,
  checked boolean not null,
  constraint tax_registration_number unique (country_code, scheme, number)
);
create index tax_registration_supplier on tax_registration (supplier_id);

create table electronic_endpoint (
  supplier_id text not null references supplier,
  scheme_id text not null,
  value text not null,
  primary key (supplier_id, scheme_id, value)
);

-- Accounts in force, ended (valid_to) and only proposed (no valid_from yet). `account_key` is what makes two accounts
-- the same one; `masked_number` is all that leaves this table unaudited.
create table bank_account (
  id text primary key,
  supplier_id text not null references supplier,
  kind text not null,
  holder_name text not null,
  country_code text not null,
  currency text not null,
  bic text,
  routing_number text,
  account_number text not null,
  account_key text not null,
  masked_number text not null generated always as (
    '••••' || case when length(account_number) >= 8 then right(account_number, 4) else '' end
  ) stored,
  valid_from timestamptz,
  valid_to timestamptz
);
create unique index bank_account_in_force on bank_account (account_key) where valid_from is not null and valid_to is null;
create index bank_account_supplier on bank_account (supplier_id, id);
create index bank_account_key on bank_account (account_key);

create table bank_change (
  id text primary key,
  supplier_id text not null references supplier,
  status text not null,
  version integer not null,
  account_id text not null references bank_account,
  replaces_account_id text references bank_account,
  reason text not null,
  proposed_by text not null,
  proposed_at timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  decision_note text
);
create unique index bank_change_open on bank_change (supplier_id) where status = 'PENDING_APPROVAL';
create index bank_change_supplier on bank_change (supplier_id, id);

-- Who read which account number in full: a row is only ever added.
create table bank_read (
  id bigint generated always as identity primary key,
  account_id text not null references bank_account,
  supplier_id text not null references supplier,
  viewer_id text not null,
  caller text not null,
  correlation_id text not null,
  read_at timestamptz not null
);
create index bank_read_supplier on bank_read (supplier_id, id);

create table supplier_block (
  id text primary key,
  supplier_id text not null references supplier,
  kind text not null,
  reason text not null,
  blocked_by text not null,
  blocked_at timestamptz not null,
  lifted_by text,
  lifted_at timestamptz,
  lift_reason text
);
create unique index supplier_block_in_force on supplier_block (supplier_id, kind) where lifted_at is null;

-- Every block that applies now: those people set, and PAYMENT while a change of bank account waits for its approval.
create view block_in_force as
  select supplier_id, kind, 'MANUAL' as name, reason, blocked_by, blocked_at
  from supplier_block where lifted_at is null
  union all
  select supplier_id, 'PAYMENT', 'BANK_CHANGE_OPEN', 'A change of bank account waits for its approval.', proposed_by, proposed_at
  from bank_change where status = 'PENDING_APPROVAL';
