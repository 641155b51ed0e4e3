-- The companies whose budgets are kept here, with the decimals of their currency (ISO 4217) for conversions in SQL.
create table company (
  code text primary key check (code ~ '^[A-Z0-9]{2,10}$'),
  currency text not null,
  currency_exponent integer not null check (currency_exponent between 0 and 4)
);

create table cost_centre (
  id text primary key,
  company_code text not null references company,
  code text not null,
  name text not null,
  parent_id text references cost_centre,
  manager_id text not null,
  status text not null check (status in ('ACTIVE', 'CLOSED')),
  version integer not null,
  created_at timestamptz not null default now(),
  unique (company_code, code),
  check (id = company_code || '-' || code)
);
create index cost_centre_parent on cost_centre (parent_id);

create table fiscal_period (
  id text primary key,
  company_code text not null references company,
  fiscal_year integer not null,
  month integer not null check (month between 1 and 12),
  starts_on date not null,
  ends_on date not null,
  status text not null check (status in ('NOT_OPEN', 'OPEN', 'CLOSING', 'CLOSED', 'LOCKED')),
  version integer not null,
  unique (company_code, fiscal_year, month),
  check (id = company_code || '-' || fiscal_year || '-' || lpad(month::text, 2, '0'))
);

-- One unit of from_currency is worth `rate` units of to_currency, from rate_date until the next one.
create table exchange_rate (
  rate_type text not null check (rate_type in ('CORPORATE')),
  from_currency text not null,
  to_currency text not null,
  rate_date date not null,
  rate numeric not null check (rate > 0),
  primary key (rate_type, from_currency, to_currency, rate_date)
);

-- A budget line with its balances. Balances are the fold of ledger_entry and are changed by post_entries alone.
-- The path is the line itself and then its ancestors, nearest first: whatever consumes the line consumes them all.
create table budget_line (
  id text primary key,
  company_code text not null references company,
  cost_centre_id text not null references cost_centre,
  category text not null,
  fiscal_year integer not null,
  currency text not null,
  parent_line_id text references budget_line,
  path text[] not null check (path[1] = id),
  control_level text not null check (control_level in ('NONE', 'ADVISORY', 'ABSOLUTE')),
  tolerance_minor bigint not null check (tolerance_minor >= 0),
  initial_minor bigint not null default 0,
  adjustments_minor bigint not null default 0,
  pre_encumbrances_minor bigint not null default 0,
  encumbrances_minor bigint not null default 0,
  actuals_minor bigint not null default 0,
  -- How far facts that nobody could refuse any more (a posted invoice, an issued order) went beyond the limit.
  overrun_minor bigint not null default 0,
  available_minor bigint not null generated always as
    (initial_minor + adjustments_minor - pre_encumbrances_minor - encumbrances_minor - actuals_minor) stored,
  version integer not null,
  unique (cost_centre_id, category, fiscal_year),
  constraint budget_line_encumbrances_not_negative
    check (pre_encumbrances_minor >= 0 and encumbrances_minor >= 0 and overrun_minor >= 0),
  -- The last guard: whatever the code above it does, an absolutely controlled line is never overspent.
  constraint budget_line_not_overspent check (
    control_level <> 'ABSOLUTE'
    or initial_minor + adjustments_minor - pre_encumbrances_minor - encumbrances_minor - actuals_minor
       + tolerance_minor + overrun_minor >= 0
  )
) with (fillfactor = 70);

-- What one document claims of one line, in the line's currency. A document has at most one current reservation.
create table funds_reservation (
  id text primary key,
  budget_line_id text not null references budget_line,
  company_code text not null,
  cost_centre_id text not null,
  document_type text not null check (document_type in ('REQUISITION', 'PURCHASE_ORDER', 'INVOICE')),
  document_id text not null,
  document_number text not null,
  correlation_id text not null,
  stage text not null check (stage in ('PRE_ENCUMBRANCE', 'ENCUMBRANCE', 'ACTUAL')),
  status text not null check (status in ('RESERVED', 'CONVERTED', 'PARTIALLY_LIQUIDATED', 'LIQUIDATED', 'RELEASED')),
  currency text not null,
  reserved_minor bigint not null check (reserved_minor >= 0),
  open_minor bigint not null check (open_minor >= 0),
  relieved_minor bigint not null check (relieved_minor >= 0),
  actual_minor bigint not null,
  document_amount_minor bigint not null,
  document_currency text not null,
  rate_type text,
  rate numeric,
  rate_date date,
  warning_line_id text,
  warning_available_minor bigint,
  converted_from_id text references funds_reservation,
  on_date date not null,
  reserved_at timestamptz not null,
  version integer not null
) with (fillfactor = 85);
create unique index funds_reservation_current on funds_reservation (document_type, document_id)
  where status not in ('CONVERTED', 'RELEASED');
create index funds_reservation_document on funds_reservation (document_type, document_id);
create index funds_reservation_line on funds_reservation (budget_line_id);

-- What one invoice took from a reservation, so that it is taken once and can be given back.
create table liquidation (
  invoice_id text primary key,
  invoice_number text not null,
  reservation_id text not null references funds_reservation,
  relieved_minor bigint not null,
  actual_minor bigint not null,
  status text not null check (status in ('POSTED', 'REVERSED')),
  version integer not null
);
create index liquidation_reservation on liquidation (reservation_id);

create table ledger_entry (
  id bigint generated always as identity primary key,
  budget_line_id text not null references budget_line,
  -- True on the ancestors of the line that was meant.
  rolled_up boolean not null,
  reservation_id text,
  kind text not null check (kind in ('INITIAL', 'SUPPLEMENT', 'RETURN', 'TRANSFER', 'RESERVATION', 'ADJUSTMENT',
    'CONVERSION', 'LIQUIDATION', 'RATE_DIFFERENCE', 'RELEASE', 'REVERSAL')),
  bucket text not null check (bucket in ('INITIAL', 'ADJUSTMENT', 'PRE_ENCUMBRANCE', 'ENCUMBRANCE', 'ACTUAL')),
  amount_minor bigint not null,
  document_type text,
  document_id text,
  document_number text,
  on_date date not null,
  -- The rate by which a document in another currency was converted; null when none was needed.
  document_currency text,
  rate_type text,
  rate numeric,
  rate_date date,
  reason text,
  actor_id text not null,
  cause_id text not null,
  correlation_id text not null,
  entered_at timestamptz not null
);
create index ledger_entry_line on ledger_entry (budget_line_id, id);
create index ledger_entry_reservation on ledger_entry (reservation_id);

create function refuse_ledger_change() returns trigger language plpgsql as $$
begin
  raise exception 'The budget ledger is append-only: correct an entry with another entry, not with %.', tg_op
    using errcode = 'restrict_violation';
end
$$;
create trigger ledger_entry_append_only before update or delete on ledger_entry
  for each row execute function refuse_ledger_change();
create trigger ledger_entry_not_truncated before truncate on ledger_entry
  for each statement execute function refuse_ledger_change();

create type ledger_posting as (
  budget_line_id text,
  reservation_id text,
  kind text,
  bucket text,
  amount_minor bigint,
  document_type text,
  document_id text,
  document_number text,
  on_date date,
  document_currency text,
  rate_type text,
  rate numeric,
  rate_date date,
  reason text,
  actor_id text,
  cause_id text,
  correlation_id text
);

-- Writes entries on the lines and their ancestors and moves the balances with them, in one statement. The caller
-- holds the locks of the lines. Only facts may overrun an absolute limit, and then the overrun is kept as a number.
create function post_entries(postings ledger_posting[], at timestamptz, may_overrun boolean) returns void
language sql as $$
  with spread as (
    select posting.*, place.id as line_id
    from unnest(postings) with ordinality as posting
    join budget_line own on own.id = posting.budget_line_id
    cross join lateral unnest(
      case when posting.bucket in ('INITIAL', 'ADJUSTMENT') then array[own.id] else own.path end
    ) as place (id)
  ), entered as (
    insert into ledger_entry (
      budget_line_id, rolled_up, reservation_id, kind, bucket, amount_minor, document_type, document_id, document_number,
      on_date, document_currency, rate_type, rate, rate_date, reason, actor_id, cause_id, correlation_id, entered_at)
    select line_id, line_id <> budget_line_id, reservation_id, kind, bucket, amount_minor, document_type, document_id,
      document_number, on_date, document_currency, rate_type, rate, rate_date, reason, actor_id, cause_id, correlation_id, at
    from spread
    order by ordinality, line_id
    returning budget_line_id, bucket, amount_minor
  ), change as (
    select budget_line_id,
      coalesce(sum(amount_minor) filter (where bucket = 'INITIAL'), 0)::bigint as initial,
      coalesce(sum(amount_minor) filter (where bucket = 'ADJUSTMENT'), 0)::bigint as adjustments,
      coalesce(sum(amount_minor) filter (where bucket = 'PRE_ENCUMBRANCE'), 0)::bigint as pre_encumbrances,
      coalesce(sum(amount_minor) filter (where bucket = 'ENCUMBRANCE'), 0)::bigint as encumbrances,
      coalesce(sum(amount_minor) filter (where bucket = 'ACTUAL'), 0)::bigint as actuals
    from entered
    group by budget_line_id
  ), excess as (
    select change.*, greatest(0, case when line.control_level = 'ABSOLUTE'
      then -(line.available_minor + line.tolerance_minor + initial + adjustments - pre_encumbrances - encumbrances - actuals)
      else 0 end) as beyond
    from change join budget_line line on line.id = change.budget_line_id
  )
  update budget_line line set
    initial_minor = line.initial_minor + excess.initial,
    adjustments_minor = line.adjustments_minor + excess.adjustments,
    pre_encumbrances_minor = line.pre_encumbrances_minor + excess.pre_encumbrances,
    encumbrances_minor = line.encumbrances_minor + excess.encumbrances,
    actuals_minor = line.actuals_minor + excess.actuals,
    overrun_minor = case when may_overrun then excess.beyond else least(line.overrun_minor, excess.beyond) end
  from excess
  where line.id = excess.budget_line_id
$$;
