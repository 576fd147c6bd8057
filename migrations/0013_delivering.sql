-- How deliveries are claimed, tried and ended.

-- Claims up to max_rows deliveries that are due, in turn from many endpoints, for as long as the lease: at most 8 at a
-- time for an endpoint, 1 where it keeps failing, and 64 for a tenant. An endpoint that another claim is at is passed over.
create function claim_deliveries(max_rows bigint, lease interval, owner bigint)
returns table (
    delivery_id uuid, claim uuid, endpoint_id uuid, attempts smallint, enqueued_at timestamptz,
    id uuid, sequence bigint, type text, cust_space_id text, business_number text, phone_number_id text, waba_id text,
    group_id text, unique_code uuid, field text, value text, occurred_at timestamptz, received_at timestamptz
) language plpgsql volatile security definer set search_path = public, pg_temp
set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
    -- Each claim begins elsewhere, and goes around.
    start    uuid := gen_random_uuid();
    full_up  text[];
    held     uuid[];
begin
    -- A claim, or an end of a try, that is lost with the server means one more delivery, never one less.
    perform set_config('synchronous_commit', 'off', true);
    select coalesce(array_agg(s.cust_space_id), '{}') into full_up
    from (select o.cust_space_id from open_deliveries o
          where o.claim is not null and o.cust_space_id <> '_system'
          group by o.cust_space_id having count(*) >= 64) s;

    with recursive upper as (
        (select o.endpoint_id, o.due_at from open_deliveries o
         where o.is_ready and o.claim is null and o.endpoint_id >= start
         order by o.endpoint_id, o.due_at limit 1)
        union all
        select n.endpoint_id, n.due_at from upper u
        cross join lateral (
            select o.endpoint_id, o.due_at from open_deliveries o
            where o.is_ready and o.claim is null and o.endpoint_id > u.endpoint_id
            order by o.endpoint_id, o.due_at limit 1
        ) n
    ), lower as (
        (select o.endpoint_id, o.due_at from open_deliveries o
         where o.is_ready and o.claim is null and o.endpoint_id < start
         order by o.endpoint_id, o.due_at limit 1)
        union all
        select n.endpoint_id, n.due_at from lower l
        cross join lateral (
            select o.endpoint_id, o.due_at from open_deliveries o
            where o.is_ready and o.claim is null and o.endpoint_id > l.endpoint_id and o.endpoint_id < start
            order by o.endpoint_id, o.due_at limit 1
        ) n
    ), ring as (
        select * from upper union all select * from lower
    ), seated as (
        select r.endpoint_id from ring r
        cross join lateral (select * from endpoints n where n.endpoint_id = r.endpoint_id offset 0) n
        where r.due_at <= now() and not n.is_stopping and n.cust_space_id <> all (full_up)
          and not exists (select 1 from tenants t where t.cust_space_id = n.cust_space_id and t.status = 'suspended')
          and (select count(*) from open_deliveries o where o.endpoint_id = r.endpoint_id and o.claim is not null)
              < case when n.failures >= 5 then 1 else 8 end
        offset 0
    )
    select coalesce(array_agg(h.endpoint_id), '{}') into held
    from (select s.endpoint_id from seated s where pg_try_advisory_xact_lock(seats_lock(s.endpoint_id))
          limit max_rows) h;

    -- Seats are counted behind the locks, in a snapshot of its own.
    return query
    with taken as (
        select o.cust_space_id as space, count(*) as seats from open_deliveries o where o.claim is not null group by 1
    ), candidates as (
        select r.delivery_id, n.cust_space_id as space,
               row_number() over (partition by n.endpoint_id order by r.due_at, r.position) as turn
        from unnest(held) h (endpoint_id)
        join endpoints n on n.endpoint_id = h.endpoint_id and not n.is_stopping
        cross join lateral (
            select o.delivery_id, o.due_at, o.position from open_deliveries o
            where o.endpoint_id = h.endpoint_id and o.is_ready and o.claim is null and o.due_at <= now()
            order by o.due_at, o.position
            limit greatest(0, case when n.failures >= 5 then 1 else 8 end
                              - (select count(*) from open_deliveries f
                                 where f.endpoint_id = h.endpoint_id and f.claim is not null))
        ) r
    ), ranked as (
        select c.delivery_id, c.space, c.turn, row_number() over (partition by c.space order by c.turn) as place
        from candidates c
    ), chosen as (
        select r.delivery_id from ranked r left join taken t on t.space = r.space
        where r.space = '_system' or r.place + coalesce(t.seats, 0) <= 64
        order by r.turn limit max_rows
    ), free as (
        -- What is being ended at this moment is not waited for.
        select o.delivery_id from open_deliveries o
        where o.delivery_id in (select c.delivery_id from chosen c)
        for update skip locked
    ), claimed as (
        update open_deliveries o
        set claim = start, claim_owner = owner, lease_until = now() + lease
        from free f where o.delivery_id = f.delivery_id
        returning o.delivery_id, o.claim, o.endpoint_id, o.attempts, o.created_at, o.event_id
    )
    select c.delivery_id, c.claim, c.endpoint_id, c.attempts, c.created_at,
           e.id, e.sequence, e.type, e.cust_space_id, e.business_number, e.phone_number_id, nullif(e.waba_id, ''),
           e.group_id, e.unique_code, e.field, e.value::text, e.occurred_at, e.received_at
    from claimed c
    cross join lateral (select * from events e where e.id = c.event_id offset 0) e;
end $$;

-- The addresses of endpoints, with what opens their secrets; the one before as long as it is good.
create function claimed_endpoints(ids uuid[]) returns table (
    endpoint_id uuid, cust_space_id text, url text,
    sealed_secret bytea, key_version integer, master_key_id text, wrapped_key bytea,
    previous_secret bytea, previous_key_version integer, previous_master_key_id text, previous_wrapped_key bytea
) language sql stable security definer set search_path = public, pg_temp as $$
    select n.endpoint_id, n.cust_space_id, n.url, n.sealed_secret, k.version, k.master_key_id, k.wrapped_key,
           n.previous_secret, p.version, p.master_key_id, p.wrapped_key
    from endpoints n
    join data_keys k on k.cust_space_id = n.cust_space_id and k.version = n.key_version
    left join data_keys p on p.cust_space_id = n.cust_space_id and p.version = n.previous_key_version
                         and n.previous_until > now()
    where n.endpoint_id = any (ids)
$$;

-- Ends up to max_rows of what is open for an endpoint that is stopping. The caller holds the lanes alone. Returns how many.
create function end_stopped(endpoint uuid, max_rows bigint) returns bigint
language plpgsql volatile set search_path = public, pg_temp
set jit = off as $$
declare
    why   text := (select n.disabled_reason from endpoints n where n.endpoint_id = endpoint);
    ended bigint;
begin
    with gone as (
        delete from open_deliveries o
        where o.delivery_id in (select s.delivery_id from open_deliveries s where s.endpoint_id = endpoint limit max_rows)
        returning o.*
    )
    insert into deliveries (delivery_id, endpoint_id, cust_space_id, event_id, event_type, event_tenant, sequence, lane,
                            state, reason, tries, created_at)
    select g.delivery_id, g.endpoint_id, g.cust_space_id, g.event_id, g.event_type, g.event_tenant, g.sequence, g.lane,
           'dead', 'the endpoint was disabled: ' || why, g.tries, g.created_at
    from gone g;
    get diagnostics ended = row_count;
    if ended < max_rows then
        update endpoints n set is_stopping = false where n.endpoint_id = endpoint;
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

-- Ends up to max_rows of what is open for endpoints that are stopping. Returns how many.
create function end_stopped_deliveries(max_rows bigint) returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    stopping uuid;
    ended    bigint := 0;
begin
    perform set_config('synchronous_commit', 'off', true);
    for stopping in select n.endpoint_id from endpoints n where n.is_stopping order by n.endpoint_id loop
        perform pg_advisory_xact_lock(lanes_lock(stopping));
        perform 1 from endpoints n where n.endpoint_id = stopping and n.is_stopping;
        if found then
            ended := ended + end_stopped(stopping, max_rows - ended);
        end if;
        exit when ended >= max_rows;
    end loop;
    return ended;
end $$;

-- Records how tries ended, each as {delivery_id, claim, at, next: done|again|dead|gone, after_ms, reason, try}. The end of
-- a claim that was lost changes nothing. An endpoint of which five days of tries failed, or that is gone, is stopped.
create function record_tries(ends json)
returns table (done bigint, again bigint, dead bigint, lost bigint, disabled uuid[])
language plpgsql volatile security definer set search_path = public, pg_temp
set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
    ended_at_endpoint uuid[];
    ended_at          timestamptz[];
    went_well         boolean[];
    is_gone           boolean[];
    lane_endpoints    uuid[];
    lane_names        text[];
    stopping          record;
begin
    perform set_config('synchronous_commit', 'off', true);
    perform pg_advisory_xact_lock(lanes_lock(l.endpoint_id))
    from (select distinct o.endpoint_id
          from json_to_recordset(ends) t (delivery_id uuid, claim uuid)
          join open_deliveries o on o.delivery_id = t.delivery_id and o.claim = t.claim
          order by 1) l;

    with ended as (
        select o.delivery_id, o.endpoint_id, o.lane, o.attempts, t.at, t.after_ms, t.reason, t.try,
               -- A test tells at once what there is to tell.
               case when t.next = 'again' and o.event_type = 'endpoint.test' and o.attempts >= 1 then 'dead'
                    else t.next end as next
        from json_to_recordset(ends)
             t (delivery_id uuid, claim uuid, at timestamptz, next text, after_ms bigint, reason text, try jsonb)
        join open_deliveries o on o.delivery_id = t.delivery_id and o.claim = t.claim
        for update of o
    ), kept as (
        update open_deliveries o
        set attempts = o.attempts + 1, due_at = now() + make_interval(secs => e.after_ms / 1000.0),
            claim = null, claim_owner = null, lease_until = null, tries = o.tries || e.try
        from ended e where o.delivery_id = e.delivery_id and e.next = 'again'
    ), closed as (
        delete from open_deliveries o using ended e
        where o.delivery_id = e.delivery_id and e.next <> 'again'
        returning o.*, e.next, e.reason, e.try
    ), moved as (
        insert into deliveries (delivery_id, endpoint_id, cust_space_id, event_id, event_type, event_tenant, sequence,
                                lane, state, reason, tries, created_at)
        select c.delivery_id, c.endpoint_id, c.cust_space_id, c.event_id, c.event_type, c.event_tenant, c.sequence,
               c.lane, case c.next when 'done' then 'done' else 'dead' end, c.reason, c.tries || c.try, c.created_at
        from closed c
    )
    select count(*) filter (where e.next = 'done'), count(*) filter (where e.next = 'again'),
           count(*) filter (where e.next in ('dead', 'gone')), json_array_length(ends) - count(*),
           array_agg(e.endpoint_id), array_agg(e.at), array_agg(e.next = 'done'), array_agg(e.next = 'gone'),
           array_agg(e.endpoint_id) filter (where e.attempts = 0 and e.lane is not null),
           array_agg(e.lane) filter (where e.attempts = 0 and e.lane is not null)
    into done, again, dead, lost, ended_at_endpoint, ended_at, went_well, is_gone, lane_endpoints, lane_names
    from ended e;
    perform free_lanes(lane_endpoints, lane_names);

    with told as (
        select * from unnest(ended_at_endpoint, ended_at, went_well) u (endpoint_id, at, well)
    ), successes as (
        select s.endpoint_id, max(s.at) filter (where s.well) as last from told s group by 1
    ), counted as (
        select s.endpoint_id, s.last, count(f.at) as failures, min(f.at) as since
        from successes s
        left join told f on f.endpoint_id = s.endpoint_id and not f.well and (s.last is null or f.at > s.last)
        group by 1, 2
    )
    update endpoints n
    set failures = case when c.last is null then n.failures else 0 end + c.failures,
        failing_since = case when c.last is null then coalesce(n.failing_since, c.since) else c.since end
    from counted c
    where n.endpoint_id = c.endpoint_id and (c.failures > 0 or n.failures > 0);

    disabled := '{}';
    for stopping in
        select n.endpoint_id,
               case when g.gone then 'it answered 410 Gone' else 'all tries of five days failed' end as why
        from endpoints n
        join (select u.endpoint_id, bool_or(u.gone) as gone from unnest(ended_at_endpoint, is_gone) u (endpoint_id, gone)
              group by 1) g on g.endpoint_id = n.endpoint_id
        where n.state = 'enabled' and (g.gone or n.failing_since <= now() - interval '5 days')
        order by 1
    loop
        perform stop_endpoint(stopping.endpoint_id, stopping.why);
        disabled := disabled || stopping.endpoint_id;
    end loop;
    return next;
end $$;

-- Gives claims back, as if nobody had made them. Returns how many were held still.
create function release_claims(delivery_ids uuid[], claims uuid[]) returns bigint
language sql volatile security definer set search_path = public, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
    with released as (
        update open_deliveries o set claim = null, claim_owner = null, lease_until = null
        from unnest(delivery_ids, claims) c (delivery_id, claim)
        where o.delivery_id = c.delivery_id and o.claim = c.claim
        returning 1
    )
    select count(*) from released
$$;

-- Gives back the claims whose lease is over, and those of processes that live no more: PostgreSQL drops a session's
-- locks with the session. The caller lives. Returns how many.
create function release_dead_claims(caller bigint) returns bigint
language sql volatile security definer set search_path = public, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
    with living as materialized (
        select l.classid::bigint << 32 | l.objid::bigint as owner from pg_locks l
        where l.locktype = 'advisory' and l.objsubid = 1 and l.granted
          and l.database = (select d.oid from pg_database d where d.datname = current_database())
        union select caller
    ), dead as (
        select o.delivery_id from open_deliveries o
        where o.claim is not null and (o.lease_until < now() or o.claim_owner not in (select owner from living))
        order by o.delivery_id
        for update skip locked
    ), released as (
        update open_deliveries o set claim = null, claim_owner = null, lease_until = null
        from dead d where o.delivery_id = d.delivery_id
        returning 1
    )
    select count(*) from released
$$;

-- How much waits, for all endpoints.
create function delivery_backlog()
returns table (open bigint, in_flight bigint, oldest_enqueued_at timestamptz, endpoints_disabled bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select count(*), count(o.claim), min(o.created_at),
           (select count(*) from endpoints n where n.state = 'disabled')
    from open_deliveries o
$$;
