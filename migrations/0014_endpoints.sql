-- What administrators do with endpoints, and what ends with them. Whatever is about one endpoint acts for the space of
-- the transaction alone.

-- Disables an endpoint; says whether it was enabled.
create function disable_endpoint(endpoint uuid, why text) returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    perform 1 from endpoints n
    where n.endpoint_id = endpoint and n.cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), '');
    if not found then
        return false;
    end if;
    perform pg_advisory_xact_lock(lanes_lock(endpoint));
    return stop_endpoint(endpoint, why);
end $$;

-- Enables an endpoint; says whether it was disabled. What was open for it, and was not ended yet, is delivered.
create function enable_endpoint(endpoint uuid) returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    perform pg_advisory_xact_lock(lanes_lock(endpoint));
    update endpoints n
    set state = 'enabled', disabled_reason = null, disabled_at = null, is_stopping = false, failing_since = null,
        failures = 0, updated_at = now()
    where n.endpoint_id = endpoint and n.state = 'disabled'
      and n.cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), '');
    if not found then
        return false;
    end if;
    perform free_lanes(array_agg(endpoint), array_agg(l.lane))
    from (select distinct o.lane from open_deliveries o
          where o.endpoint_id = endpoint and o.attempts = 0 and o.lane is not null) l;
    perform pg_notify('groupgate_deliveries', '');
    return true;
end $$;

-- Removes up to max_rows of what is open for an endpoint, and, where nothing is left, the endpoint; says whether it is
-- gone. Null where there is none. What was delivered goes with its day.
create function remove_endpoint(endpoint uuid, max_rows bigint) returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    removed bigint;
begin
    perform pg_advisory_xact_lock(lanes_lock(endpoint));
    update endpoints n
    set state = 'disabled', disabled_at = coalesce(n.disabled_at, now()), is_stopping = true,
        disabled_reason = coalesce(n.disabled_reason, 'it is being removed')
    where n.endpoint_id = endpoint and n.cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), '');
    if not found then
        return null;
    end if;
    delete from open_deliveries o
    where o.delivery_id in (select s.delivery_id from open_deliveries s where s.endpoint_id = endpoint limit max_rows);
    get diagnostics removed = row_count;
    if removed = max_rows then
        return false;
    end if;
    delete from endpoints n where n.endpoint_id = endpoint;
    return true;
end $$;

-- Sends a test event to an endpoint, enabled or not, and to no other.
create function send_test(endpoint uuid) returns table (event_id uuid, delivery_id uuid)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    tested endpoints;
begin
    perform pg_advisory_xact_lock_shared(lanes_lock(endpoint));
    select * into tested from endpoints n
    where n.endpoint_id = endpoint and n.cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), '');
    if not found then
        return;
    end if;
    event_id := random_uuid_at(clock_timestamp());
    insert into events (id, cust_space_id, field, waba_id, value, state, routed_at, type, occurred_at)
    values (event_id, nullif(tested.cust_space_id, '_system'), 'groupgate', '', '{}', 'routed', now(), 'endpoint.test', now());
    perform open_pairs(array[endpoint], array[event_id]);
    select o.delivery_id into delivery_id from open_deliveries o where o.event_id = send_test.event_id;
    perform pg_notify('groupgate_deliveries', '');
    return next;
end $$;

-- Which events of a span an endpoint would get again: of a tenant in the order of their sequences, of all (to the ISV's
-- endpoint) in that of their IDs, each behind the last one that the caller has. `only` is all, failed or missed.
create function replayable_events(
    endpoint uuid, tenant text, since_sequence bigint, until_sequence bigint, since_time timestamptz, until_time timestamptz,
    after_id uuid, only_those text, max_rows bigint
) returns table (id uuid, sequence bigint)
language plpgsql stable security definer set search_path = public, pg_temp
set plan_cache_mode = force_custom_plan set jit = off as $$
#variable_conflict use_column
declare
    asked  endpoints;
    -- IDs have the receiving replica's clock, times PostgreSQL's.
    lowest uuid := uuid_at(since_time - interval '1 hour');
begin
    select * into asked from endpoints n
    where n.endpoint_id = endpoint and n.cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), '')
      and (n.cust_space_id = '_system' or n.cust_space_id = tenant);
    if tenant is not null then
        return query
        select e.id, e.sequence from events e
        where e.cust_space_id = tenant and e.sequence >= since_sequence and e.sequence <= until_sequence
          and e.id >= lowest and e.received_at >= since_time and e.received_at <= until_time
          and fits(asked.types, e.type) and is_replayable(endpoint, e.id, e.received_at, only_those)
        order by e.sequence limit max_rows;
    else
        return query
        select e.id, e.sequence from events e
        where e.id > greatest(after_id, lowest) and e.received_at >= since_time and e.received_at <= until_time
          and e.type <> 'endpoint.test'
          and fits(asked.types, e.type) and is_replayable(endpoint, e.id, e.received_at, only_those)
        order by e.id limit max_rows;
    end if;
end $$;

-- Whether an event is to be replayed to an endpoint, by what became of it there.
create function is_replayable(endpoint uuid, event uuid, received_at timestamptz, only_those text) returns boolean
language sql stable set search_path = public, pg_temp as $$
    select only_those = 'all' or not exists (
        select 1 from open_deliveries o where o.event_id = event and o.endpoint_id = endpoint
    ) and case only_those
        when 'failed' then (
            -- Its deliveries are younger than itself.
            select d.state from deliveries d
            where d.event_id = event and d.endpoint_id = endpoint and d.delivery_id >= uuid_at(received_at)
            order by d.delivery_id desc limit 1) = 'dead'
        else not exists (
            select 1 from deliveries d
            where d.event_id = event and d.endpoint_id = endpoint and d.delivery_id >= uuid_at(received_at)
              and d.state = 'done')
    end
$$;

-- Delivers events to an endpoint once more. Null where there is no such endpoint that is enabled; events that are not its
-- to have are left out.
create function replay_deliveries(endpoint uuid, event_ids uuid[]) returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp
set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    asked  endpoints;
    wanted uuid[];
begin
    perform pg_advisory_xact_lock(lanes_lock(endpoint));
    select * into asked from endpoints n
    where n.endpoint_id = endpoint and n.state = 'enabled'
      and n.cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), '');
    if not found then
        return null;
    end if;
    select coalesce(array_agg(e.id), '{}') into wanted
    from unnest(event_ids) p (id)
    cross join lateral (select * from events e where e.id = p.id offset 0) e
    where e.type <> 'endpoint.test'
      and (asked.cust_space_id = '_system' or e.cust_space_id = asked.cust_space_id and e.sequence is not null);
    perform pg_notify('groupgate_deliveries', '');
    return open_pairs(array_fill(endpoint, array[cardinality(wanted)]), wanted);
end $$;

-- Erases the tenant of the transaction: its endpoints, and its deliveries at its own and at the ISV's endpoints.
create function erase_deliveries() returns table (endpoint_rows bigint, delivery_rows bigint)
language plpgsql volatile security definer set search_path = public, pg_temp
set jit = off as $$
#variable_conflict use_column
declare
    tenant constant text := nullif(nullif(current_setting('groupgate.cust_space_id', true), ''), '_system');
    open_ones bigint;
begin
    perform pg_advisory_xact_lock(lanes_lock(l.endpoint_id))
    from (select n.endpoint_id from endpoints n where n.cust_space_id = tenant order by 1) l;
    delete from endpoints n where n.cust_space_id = tenant;
    get diagnostics endpoint_rows = row_count;
    delete from open_deliveries o where o.cust_space_id = tenant or o.event_tenant = tenant;
    get diagnostics open_ones = row_count;
    delete from deliveries d where d.cust_space_id = tenant or d.event_tenant = tenant;
    get diagnostics delivery_rows = row_count;
    delivery_rows := delivery_rows + open_ones;
    return next;
end $$;

-- For the retention: ends what is open of events below this ID, whose days are about to be dropped. Returns how many.
create function bury_deliveries(below uuid) returns bigint
language plpgsql volatile set search_path = public, pg_temp
set jit = off as $$
declare
    endpoint_ids uuid[];
    lanes        text[];
    buried       bigint;
begin
    perform pg_advisory_xact_lock(lanes_lock(l.endpoint_id))
    from (select distinct o.endpoint_id from open_deliveries o where o.event_id < below order by 1) l;
    with gone as (
        delete from open_deliveries o where o.event_id < below returning o.*
    ), moved as (
        insert into deliveries (delivery_id, endpoint_id, cust_space_id, event_id, event_type, event_tenant, sequence,
                                lane, state, reason, tries, created_at)
        select g.delivery_id, g.endpoint_id, g.cust_space_id, g.event_id, g.event_type, g.event_tenant, g.sequence,
               g.lane, 'dead', 'its event is kept no longer', g.tries, g.created_at
        from gone g where g.delivery_id >= below
    )
    select count(*), array_agg(g.endpoint_id) filter (where g.lane is not null),
           array_agg(g.lane) filter (where g.lane is not null)
    into buried, endpoint_ids, lanes from gone g;
    perform free_lanes(endpoint_ids, lanes);
    return buried;
end $$;

select make_partitions();
