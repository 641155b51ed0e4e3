create type funds_request as (
  place integer,
  reservation_id text,
  caller text,
  key text,
  operation text,
  fingerprint text,
  cost_centre_id text,
  category text,
  on_date date,
  amount_minor bigint,
  currency text,
  currency_exponent integer,
  stage text,
  document_type text,
  document_id text,
  document_number text,
  correlation_id text,
  actor_id text
);

create type resolved_funds_request as (
  request funds_request,
  key_index integer,
  document_index integer,
  first_fingerprint text,
  first_answer text,
  company_code text,
  cost_centre_status text,
  line_id text,
  line_currency text,
  path text[],
  period_status text,
  rate_type text,
  rate numeric,
  rate_date date,
  amount_minor numeric
);

-- Everything that the decision on a batch needs to know, in the order of arrival. Called when the keys are
-- claimed and the periods locked. A category without a line of its own falls back to the cost centre's line `*`.
create function resolve_funds_requests(requests funds_request[]) returns resolved_funds_request[]
language sql as $$
  select array_agg(row(
      request, key_index, document_index, first.fingerprint, first.answer::text,
      cost_centre.company_code, cost_centre.status, line.id, line.currency, line.path, period.status,
      rate.rate_type, rate.rate, rate.rate_date,
      case
        when line.currency = request.currency then request.amount_minor
        else round(request.amount_minor * rate.rate * power(10::numeric, company.currency_exponent - request.currency_exponent))
      end)::resolved_funds_request order by request.place)
  from (
    select (request).*, request,
      dense_rank() over (order by (request).caller, (request).key)::integer as key_index,
      dense_rank() over (order by (request).document_type, (request).document_id)::integer as document_index
    from unnest(requests) as request
  ) as request
  join idempotency first on first.caller = request.caller and first.key = request.key
  left join cost_centre on cost_centre.id = request.cost_centre_id
  left join company on company.code = cost_centre.company_code
  left join fiscal_period period on period.id = cost_centre.company_code || to_char(request.on_date, '-YYYY-MM')
  left join lateral (
    select id, currency, path from budget_line
    where cost_centre_id = request.cost_centre_id and fiscal_year = extract(year from request.on_date)
      and category in (request.category, '*')
    order by category = '*' limit 1
  ) line on true
  left join lateral (
    select rate_type, rate, rate_date from exchange_rate
    where rate_type = 'CORPORATE' and from_currency = request.currency and to_currency = line.currency
      and from_currency <> to_currency and rate_date <= request.on_date
    order by rate_date desc limit 1
  ) rate on true
$$;

-- Decides a batch of reservations in the order of arrival and writes what was accepted. Locks are always taken in the
-- same order (keys, periods, lines, each sorted), so batches of several processes wait for each other and never deadlock.
-- The caller writes answers and outbox rows for the rows RESERVED in the same transaction.
create function reserve_funds(batch jsonb, decided_at timestamptz) returns table (
  place integer,
  outcome text,
  -- The place of the accepted request with the same key, for REPEATED.
  first_place integer,
  first_answer text,
  line_id text,
  company_code text,
  currency text,
  amount_minor bigint,
  -- RESERVED: available on the line after it. INSUFFICIENT: available on the limiting line.
  available_minor bigint,
  limiting_line_id text,
  warning_line_id text,
  warning_available_minor bigint,
  period_status text,
  rate_type text,
  rate text,
  rate_date date
)
language plpgsql as $$
declare
  -- Above it sums of many could leave the range of bigint; the border refuses such amounts already.
  amount_max constant numeric := 9000000000000000;
  requests funds_request[];
  resolved resolved_funds_request[];
  line_ids text[];
  levels text[];
  available bigint[];
  tolerance bigint[];
  size integer;
  key_winners integer[];
  document_winners integer[];
  outcomes text[];
  firsts integer[];
  availables bigint[];
  limits text[];
  warnings text[];
  warning_availables bigint[];
  current record;
  decision text;
  index integer;
begin
  select array_agg(request order by (request).place) into requests
  from jsonb_populate_recordset(null::funds_request, batch) as request;
  size := cardinality(requests);

  -- A row without an answer is claimed by this transaction: no other commits one without.
  insert into idempotency (caller, key, operation, fingerprint)
  select distinct on (request.caller, request.key) request.caller, request.key, request.operation, request.fingerprint
  from unnest(requests) as request
  order by request.caller, request.key, request.place
  on conflict do nothing;

  -- A period cannot be closed while a reservation in it is under way.
  perform 1 from fiscal_period
  where id in (
    select cost_centre.company_code || to_char(request.on_date, '-YYYY-MM')
    from unnest(requests) as request join cost_centre on cost_centre.id = request.cost_centre_id)
  order by id for share;

  resolved := resolve_funds_requests(requests);

  select array_agg(locked.id), array_agg(locked.control_level), array_agg(locked.available_minor), array_agg(locked.tolerance_minor)
  into line_ids, levels, available, tolerance
  from (
    select budget_line.id, budget_line.control_level, budget_line.available_minor, budget_line.tolerance_minor
    from budget_line
    where budget_line.id in (select unnest(wanted.path) from unnest(resolved) as wanted)
    order by budget_line.id for update
  ) as locked;

  key_winners := array_fill(null::integer, array[size]);
  document_winners := array_fill(null::integer, array[size]);
  outcomes := array_fill(null::text, array[size]);
  firsts := array_fill(null::integer, array[size]);
  availables := array_fill(null::bigint, array[size]);
  limits := array_fill(null::text, array[size]);
  warnings := array_fill(null::text, array[size]);
  warning_availables := array_fill(null::bigint, array[size]);

  for current in
    select (wanted.request).place, (wanted.request).fingerprint, wanted.key_index, wanted.document_index,
      wanted.first_fingerprint, wanted.first_answer, earlier.id as earlier_reservation_id, wanted.line_id, wanted.cost_centre_status,
      wanted.period_status, wanted.amount_minor, steps.indexes
    from unnest(resolved) as wanted
    left join (
      select (inner_wanted.request).place, array_agg(line.index::integer order by step.depth) as indexes
      from unnest(resolved) as inner_wanted
      cross join unnest(inner_wanted.path) with ordinality as step (id, depth)
      join unnest(line_ids) with ordinality as line (id, index) on line.id = step.id
      group by (inner_wanted.request).place
    ) as steps on steps.place = (wanted.request).place
    -- Looked for under the lines' locks, so that two requests for one document on one line cannot both miss it.
    left join funds_reservation earlier on earlier.document_type = (wanted.request).document_type
      and earlier.document_id = (wanted.request).document_id and earlier.status not in ('CONVERTED', 'RELEASED')
    order by (wanted.request).place
  loop
    decision := case
      when current.first_answer is not null and current.first_fingerprint = current.fingerprint then 'REPLAYED'
      when current.first_answer is not null then 'KEY_REUSED'
      when key_winners[current.key_index] is not null
        and (requests[key_winners[current.key_index]]).fingerprint = current.fingerprint then 'REPEATED'
      when key_winners[current.key_index] is not null then 'KEY_REUSED'
      when current.earlier_reservation_id is not null or document_winners[current.document_index] is not null
        then 'ALREADY_RESERVED'
      when current.cost_centre_status is null then 'NO_COST_CENTRE'
      when current.cost_centre_status <> 'ACTIVE' then 'COST_CENTRE_CLOSED'
      when current.line_id is null then 'NO_LINE'
      when current.period_status is distinct from 'OPEN' then 'PERIOD_CLOSED'
      when current.amount_minor is null then 'NO_RATE'
      when current.amount_minor > amount_max then 'TOO_LARGE'
      else 'RESERVED'
    end;
    if decision = 'REPEATED' then
      firsts[current.place] := key_winners[current.key_index];
    elsif decision = 'RESERVED' then
      foreach index in array current.indexes loop
        continue when levels[index] = 'NONE' or available[index] + tolerance[index] >= current.amount_minor;
        if levels[index] = 'ABSOLUTE' then
          decision := 'INSUFFICIENT';
          limits[current.place] := line_ids[index];
          availables[current.place] := available[index];
          exit;
        elsif warnings[current.place] is null then
          warnings[current.place] := line_ids[index];
          warning_availables[current.place] := available[index];
        end if;
      end loop;
    end if;
    if decision = 'RESERVED' then
      foreach index in array current.indexes loop
        available[index] := available[index] - current.amount_minor::bigint;
      end loop;
      availables[current.place] := available[current.indexes[1]];
      key_winners[current.key_index] := current.place;
      document_winners[current.document_index] := current.place;
    end if;
    outcomes[current.place] := decision;
  end loop;

  insert into funds_reservation (
    id, budget_line_id, company_code, cost_centre_id, document_type, document_id, document_number, correlation_id, stage,
    status, currency, reserved_minor, open_minor, relieved_minor, actual_minor, document_amount_minor, document_currency,
    rate_type, rate, rate_date, warning_line_id, warning_available_minor, converted_from_id, on_date, reserved_at, version)
  select (request).reservation_id, wanted.line_id, wanted.company_code, (request).cost_centre_id, (request).document_type,
    (request).document_id, (request).document_number, (request).correlation_id, (request).stage, 'RESERVED',
    wanted.line_currency, wanted.amount_minor, wanted.amount_minor, 0, 0, (request).amount_minor, (request).currency,
    wanted.rate_type, wanted.rate, wanted.rate_date, warnings[(request).place], warning_availables[(request).place], null,
    (request).on_date, decided_at, 1
  from unnest(resolved) as wanted
  where outcomes[(request).place] = 'RESERVED'
  order by (request).document_type, (request).document_id;

  perform post_entries(
    (select array_agg(row(
        wanted.line_id, (request).reservation_id, 'RESERVATION', (request).stage, wanted.amount_minor, (request).document_type,
        (request).document_id, (request).document_number, (request).on_date, (request).currency, wanted.rate_type,
        wanted.rate, wanted.rate_date, null, (request).actor_id, (request).key, (request).correlation_id
      )::ledger_posting order by (request).place)
     from unnest(resolved) as wanted
     where outcomes[(request).place] = 'RESERVED'),
    decided_at, false);

  -- A refusal keeps no key: the same request may succeed later.
  delete from idempotency
  using unnest(resolved) as wanted
  where idempotency.caller = (wanted.request).caller and idempotency.key = (wanted.request).key
    and idempotency.answer is null and key_winners[wanted.key_index] is null;

  return query
    select (wanted.request).place, outcomes[(wanted.request).place], firsts[(wanted.request).place],
      wanted.first_answer, wanted.line_id, wanted.company_code, wanted.line_currency,
      case when wanted.amount_minor <= amount_max then wanted.amount_minor::bigint end,
      availables[(wanted.request).place], limits[(wanted.request).place], warnings[(wanted.request).place],
      warning_availables[(wanted.request).place], wanted.period_status, wanted.rate_type, wanted.rate::text, wanted.rate_date
    from unnest(resolved) as wanted
    order by (wanted.request).place;
end
$$;
