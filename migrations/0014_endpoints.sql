-- What administrators do with endpoints, and what ends with them. Whatever is about one endpoint acts for the space of
-- the transaction alone.

-- Ends up to max_rows of what is open for an endpoint that is stopping or gone, and of what came to one that is disabled
-- while it was being disabled: of tests alone it gets those. The caller holds the lanes alone. Returns how many.
create function end_stopped(endpoint uuid, max_rows bigint) returns bigint
language plpgsql volatile set search_path = public, pg_temp
set jit = off as $$
declare
    stopped endpoints;
    ended   bigint;
begin
    select * into stopped from endpoints n where n.endpoint_id = endpoint;
    ended := close_as_dead(
        array(select o.delivery_id from open_deliveries o
              where o.endpoint_id = endpoint
                and (stopped.endpoint_id is null or stopped.is_stopping
                     or stopped.state = 'disabled' and o.event_type <> 'endpoint.test')
              limit max_rows),
        coalesce('the endpoint was disabled: ' || stopped.disabled_reason, 'the endpoint was removed'));
    if ended < max_rows then
        update endpoints n set is_stopping = false where n.endpoint_id = endpoint and n.is_stopping;
    end if;
    return ended;
end $$;

-- Stops an endpoint: nothing is delivered to it any more, what is open for it is dead, and the ISV's endpoints hear of
-- it. Where very much is open, end_stopped_deliveries ends the rest, since whoever publishes to the endpoint waits here.
-- The caller holds the lanes alone. Says whether it was enabled.
create function stop_endpoint(endpoint uuid, why text) returns boolean
language plpgsql volatile set search_path = public, pg_temp as $$
declare
    stopped endpoints;
begin
    update endpoints n set state = 'disabled', disabled_reason = why, disabled_at = now(), is_stopping = true
    where n.endpoint_id = endpoint and n.state = 'enabled'
    returning * into stopped;
    if not found then
        return false;
    end if;
    perform publish_own_event('endpoint.disabled', nullif(stopped.cust_space_id, '_system'), json_build_object(
        'EndpointId', 'ep_' || replace(endpoint::text, '-', ''),
        'Description', stopped.description,
        'Reason', why,
        'FailingSince', utc_text(stopped.failing_since),
        'DeadDeliveries', (select count(*) from open_deliveries o where o.endpoint_id = endpoint)));
    perform end_stopped(endpoint, 1000);
    return true;
end $$;

-- Ends up to max_rows of what is open for endpoints that are stopping, and of what is open for one that is disabled or
-- gone all the same. Returns how many.
create function end_stopped_deliveries(max_rows bigint) returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp
set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    stopping uuid;
    ended    bigint := 0;
begin
    perform set_config('synchronous_commit', 'off', true);
    for stopping in
        with recursive waiting as (
            (select o.endpoint_id from open_deliveries o where o.is_ready and o.claim is null order by o.endpoint_id limit 1)
            union all
            select n.endpoint_id from waiting w
            cross join lateral (select o.endpoint_id from open_deliveries o
                                where o.is_ready and o.claim is null and o.endpoint_id > w.endpoint_id
                                order by o.endpoint_id limit 1) n
        )
        select n.endpoint_id from endpoints n where n.is_stopping
        union
        select w.endpoint_id from waiting w
        where not exists (select 1 from endpoints n where n.endpoint_id = w.endpoint_id and n.state = 'enabled')
        order by 1
    loop
        perform pg_advisory_xact_lock(lanes_lock(stopping));
        ended := ended + end_stopped(stopping, max_rows - ended);
        exit when ended >= max_rows;
    end loop;
    return ended;
end $$;

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
        failures = 0, paused_until = null, updated_at = now()
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
    -- Whoever publishes to it without its lanes has ended, or does not see it any more.
    perform 1 from endpoints n
    where n.endpoint_id = endpoint and n.cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), '')
    for update;
    if not found then
        return null;
    end if;
    update endpoints n
    set state = 'disabled', disabled_at = coalesce(n.disabled_at, now()), is_stopping = true,
        disabled_reason = coalesce(n.disabled_reason, 'it is being removed')
    where n.endpoint_id = endpoint;
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
    event_id := insert_own_event('endpoint.test', nullif(tested.cust_space_id, '_system'), '{}');
    perform open_pairs(array[endpoint], array[event_id]);
    select o.delivery_id into delivery_id from open_deliveries o where o.event_id = send_test.event_id;
    perform pg_notify('groupgate_deliveries', '');
    return next;
end $$;

-- Looks at up to max_rows events of a span, behind the last one that the caller has looked at, and says which of them an
-- endpoint would get again: of a tenant in the order of their sequences, of all (to the ISV's endpoint) in that of their
-- IDs. `only` is all or missed; replayable_failures is for the failed ones.
create function replayable_events(
    endpoint uuid, tenant text, since_sequence bigint, until_sequence bigint, since_time timestamptz, until_time timestamptz,
    after_id uuid, only_those text, max_rows bigint,
    out wanted uuid[], out last_id uuid, out last_sequence bigint
) language plpgsql stable security definer set search_path = public, pg_temp
set plan_cache_mode = force_custom_plan set jit = off set enable_seqscan = off as $$
declare
    asked  endpoints;
    lowest uuid := uuid_at(since_time);
    beyond uuid := uuid_at(until_time + interval '1 millisecond');
    ids    uuid[];
    kinds  text[];
    oldest timestamptz;
begin
    wanted := '{}';
    select * into asked from endpoints n
    where n.endpoint_id = endpoint and n.cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), '')
      and (n.cust_space_id = '_system' or n.cust_space_id = tenant);
    if not found then
        return;
    end if;
    if tenant is not null then
        select array_agg(s.id order by s.sequence), array_agg(s.type order by s.sequence), min(s.received_at), max(s.sequence)
        into ids, kinds, oldest, last_sequence
        from (select e.id, e.sequence, e.type, e.received_at from events e
              where e.cust_space_id = tenant and e.sequence >= since_sequence and e.sequence <= until_sequence
                and e.id >= lowest and e.id < beyond and e.received_at >= since_time and e.received_at <= until_time
              order by e.sequence limit max_rows) s;
    else
        select array_agg(s.id order by s.id), array_agg(s.type order by s.id), min(s.received_at) into ids, kinds, oldest
        from (select e.id, e.type, e.received_at from events e
              where e.id > greatest(after_id, lowest) and e.id < beyond
                and e.received_at >= since_time and e.received_at <= until_time
                and e.type <> 'endpoint.test'
              order by e.id limit max_rows) s;
    end if;
    last_id := ids[cardinality(ids)];
    wanted := array(select u.id from unnest(ids, kinds) u (id, kind)
                    where asked.types = '{}' or fits(asked.types, u.kind));
    if only_those = 'missed' then
        wanted := array(
            select unnest(wanted)
            except select o.event_id from open_deliveries o where o.event_id = any (wanted) and o.endpoint_id = endpoint
            -- Deliveries are younger than their events.
            except select d.event_id from deliveries d
                   where d.event_id = any (wanted) and d.endpoint_id = endpoint and d.delivery_id >= uuid_at(oldest)
                     and d.state = 'done');
    end if;
end $$;

-- The same for events whose last delivery to the endpoint is dead. Looks at the dead deliveries that there were at
-- `begun`, behind the last one that the caller has looked at, which is last_id.
create function replayable_failures(
    endpoint uuid, tenant text, since_sequence bigint, until_sequence bigint, since_time timestamptz, until_time timestamptz,
    begun timestamptz, after_id uuid, max_rows bigint,
    out wanted uuid[], out last_id uuid
) language plpgsql stable security definer set search_path = public, pg_temp
set plan_cache_mode = force_custom_plan set jit = off set enable_seqscan = off set enable_hashjoin = off
set enable_mergejoin = off as $$
declare
    asked     endpoints;
    dead      uuid[];
    event_ids uuid[];
begin
    wanted := '{}';
    select * into asked from endpoints n
    where n.endpoint_id = endpoint and n.cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), '')
      and (n.cust_space_id = '_system' or n.cust_space_id = tenant);
    if not found then
        return;
    end if;
    select array_agg(s.delivery_id order by s.delivery_id), array_agg(s.event_id order by s.delivery_id)
    into dead, event_ids
    from (select d.delivery_id, d.event_id from deliveries d
          -- Deliveries are younger than their events.
          where d.endpoint_id = endpoint and d.state = 'dead' and d.delivery_id > greatest(after_id, uuid_at(since_time))
            and d.delivery_id < uuid_at(begun + interval '1 millisecond')
          order by d.delivery_id limit max_rows) s;
    last_id := dead[cardinality(dead)];
    wanted := array(
        select e.id from unnest(dead, event_ids) u (delivery_id, event_id)
        cross join lateral (select * from events e where e.id = u.event_id offset 0) e
        where (tenant is null or e.cust_space_id = tenant and e.sequence >= since_sequence and e.sequence <= until_sequence)
          and e.received_at >= since_time and e.received_at <= until_time and e.type <> 'endpoint.test'
          and (asked.types = '{}' or fits(asked.types, e.type))
          and not exists (select 1 from open_deliveries o where o.event_id = u.event_id and o.endpoint_id = endpoint)
          and not exists (select 1 from deliveries d
                          where d.event_id = u.event_id and d.endpoint_id = endpoint and d.delivery_id > u.delivery_id));
end $$;

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

-- Erases what was delivered of the tenant of the transaction, at its own endpoints and at the ISV's. Nobody waits for that.
create function erase_ended_deliveries() returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp
set jit = off set enable_seqscan = off as $$
declare
    erased bigint;
begin
    -- What its own endpoints get is about itself.
    delete from deliveries d
    where d.event_tenant = nullif(nullif(current_setting('groupgate.cust_space_id', true), ''), '_system');
    get diagnostics erased = row_count;
    return erased;
end $$;

-- Erases the endpoints of the tenant of the transaction, and what is open of its deliveries, at its own endpoints and at
-- the ISV's. Whoever publishes to those, or records what they answer, waits for the end of the transaction.
create function erase_deliveries() returns table (endpoint_rows bigint, delivery_rows bigint)
language plpgsql volatile security definer set search_path = public, pg_temp
set jit = off as $$
#variable_conflict use_column
declare
    tenant constant text := nullif(nullif(current_setting('groupgate.cust_space_id', true), ''), '_system');
begin
    perform pg_advisory_xact_lock(lanes_lock(l.endpoint_id))
    from (select n.endpoint_id from endpoints n where n.cust_space_id = tenant
          union select o.endpoint_id from open_deliveries o where o.event_tenant = tenant order by 1) l;
    delete from endpoints n where n.cust_space_id = tenant;
    get diagnostics endpoint_rows = row_count;
    delete from open_deliveries o where o.event_tenant = tenant;
    get diagnostics delivery_rows = row_count;
    return next;
end $$;

-- For the retention: ends what is open of events below this ID, whose days are about to be dropped. Returns how many.
create function bury_deliveries(below uuid) returns bigint
language plpgsql volatile set search_path = public, pg_temp
set jit = off as $$
declare
    buried_ids   uuid[];
    endpoint_ids uuid[];
    lanes        text[];
begin
    perform pg_advisory_xact_lock(lanes_lock(l.endpoint_id))
    from (select distinct o.endpoint_id from open_deliveries o where o.event_id < below order by 1) l;
    select coalesce(array_agg(o.delivery_id), '{}'), array_agg(o.endpoint_id) filter (where o.lane is not null),
           array_agg(o.lane) filter (where o.lane is not null)
    into buried_ids, endpoint_ids, lanes from open_deliveries o where o.event_id < below;
    perform close_as_dead(buried_ids, 'its event is kept no longer');
    perform free_lanes(endpoint_ids, lanes);
    return cardinality(buried_ids);
end $$;

select make_partitions();

revoke execute on all functions in schema public from public;
