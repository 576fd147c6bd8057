-- How deliveries are claimed, tried and ended.

-- Claims up to max_rows deliveries that are due, in turn from many endpoints, for as long as the lease. An endpoint that
-- another claim is at is passed over. Of an endpoint so many are tried at a time: 8, or 2 where the owner has its hands
-- full, or 1 where the endpoint keeps failing, and of all that keep failing 128 of an owner's; of a tenant's endpoints 64.
create function claim_deliveries(max_rows bigint, lease interval, owner bigint)
returns table (
    delivery_id uuid, claim uuid, endpoint_id uuid, attempts smallint, enqueued_at timestamptz,
    id uuid, sequence bigint, type text, cust_space_id text, business_number text, phone_number_id text, waba_id text,
    group_id text, unique_code uuid, field text, value text, occurred_at timestamptz, received_at timestamptz
) language plpgsql volatile security definer set search_path = public, pg_temp
set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
    hands_full    constant integer := 256;
    usual_seats   constant integer := 8;
    few_seats     constant integer := 2;
    -- How many failures in a row an endpoint has that keeps failing.
    failing       constant integer := 5;
    failing_seats constant integer := 1;
    of_failing    constant integer := 128;
    of_tenant     constant integer := 64;
    -- Each claim begins elsewhere, and goes around.
    start         uuid := gen_random_uuid();
    seats         integer;
    failing_room  bigint;
    full_up       text[];
    held          uuid[];
begin
    -- Endpoints that wait for a later time are many, and mostly nothing is due.
    perform 1 from open_deliveries o where o.is_ready and o.claim is null and o.due_at <= now() limit 1;
    if not found then
        return;
    end if;
    -- A claim, or an end of a try, that is lost with the server means one more delivery, never one less.
    perform set_config('synchronous_commit', 'off', true);
    select coalesce(array_agg(s.cust_space_id), '{}') into full_up
    from (select o.cust_space_id from open_deliveries o
          where o.claim is not null and o.cust_space_id <> '_system'
          group by o.cust_space_id having count(*) >= of_tenant) s;
    select case when count(*) >= hands_full then few_seats else usual_seats end,
           greatest(0, of_failing - count(*) filter (where n.failures >= failing))
    into seats, failing_room
    from open_deliveries o join endpoints n on n.endpoint_id = o.endpoint_id
    where o.claim is not null and o.claim_owner = owner;

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
          and (n.paused_until is null or n.paused_until <= now())
          and (failing_room > 0 or n.failures < failing)
          and not exists (select 1 from tenants t where t.cust_space_id = n.cust_space_id and t.status = 'suspended')
          and (select count(*) from open_deliveries o where o.endpoint_id = r.endpoint_id and o.claim is not null)
              < case when n.failures >= failing then failing_seats else seats end
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
        select r.delivery_id, n.cust_space_id as space, n.failures >= failing as is_failing,
               row_number() over (partition by n.endpoint_id order by r.due_at, r.position) as turn
        from unnest(held) h (endpoint_id)
        join endpoints n on n.endpoint_id = h.endpoint_id and not n.is_stopping
        cross join lateral (
            select o.delivery_id, o.due_at, o.position from open_deliveries o
            where o.endpoint_id = h.endpoint_id and o.is_ready and o.claim is null and o.due_at <= now()
              and (n.state = 'enabled' or o.event_type = 'endpoint.test')
            order by o.due_at, o.position
            limit greatest(0, case when n.failures >= failing then failing_seats else seats end
                              - (select count(*) from open_deliveries f
                                 where f.endpoint_id = h.endpoint_id and f.claim is not null))
        ) r
    ), ranked as (
        select c.delivery_id, c.space, c.turn, c.is_failing,
               row_number() over (partition by c.space order by c.turn) as place,
               row_number() over (partition by c.is_failing order by c.turn) as place_among_failing
        from candidates c
    ), chosen as (
        select r.delivery_id from ranked r left join taken t on t.space = r.space
        where (r.space = '_system' or r.place + coalesce(t.seats, 0) <= of_tenant)
          and (not r.is_failing or r.place_among_failing <= failing_room)
        order by r.turn limit max_rows
    ), free as (
        -- What is being ended at this moment is not waited for.
        select o.delivery_id from open_deliveries o
        where o.delivery_id in (select c.delivery_id from chosen c)
        for update skip locked
    ), claimed as (
        update open_deliveries o
        set claim = start, claim_owner = owner, claimed_at = now(), lease_until = now() + lease
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

-- Records how tries ended, each as {delivery_id, claim, at, next: done|again|dead|gone, after_ms, reason, try}, where the
-- lanes are free at once; the others' deliveries come back as put_off. Where none are free and it is to wait, it waits for
-- those of one endpoint, with no lanes held. The end of a claim that was lost changes nothing. An endpoint of which five
-- days of tries failed, or that is gone, is stopped. Tests, and what is disabled, tell nothing of how an endpoint fares.
create function record_tries(ends json, is_to_wait boolean)
returns table (done bigint, again bigint, dead bigint, lost bigint, disabled uuid[], put_off uuid[])
language plpgsql volatile security definer set search_path = public, pg_temp
set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set lock_timeout = '1s' as $$
#variable_conflict use_column
declare
    concerned         uuid[];
    held              uuid[];
    closed_ids        uuid[];
    closed_states     text[];
    closed_reasons    text[];
    closed_tries      jsonb[];
    ended_at_endpoint uuid[];
    ended_at          timestamptz[];
    went_well         boolean[];
    is_gone           boolean[];
    is_test           boolean[];
    lane_endpoints    uuid[];
    lane_names        text[];
    stopping          record;
begin
    perform set_config('synchronous_commit', 'off', true);
    select array_agg(distinct o.endpoint_id) into concerned
    from json_to_recordset(ends) t (delivery_id uuid, claim uuid)
    join open_deliveries o on o.delivery_id = t.delivery_id and o.claim = t.claim;
    held := array(select c from unnest(concerned) c where pg_try_advisory_xact_lock(lanes_lock(c)));
    if held = '{}' and concerned <> '{}' and is_to_wait then
        begin
            select array_agg(c.endpoint_id) into held
            from (select c as endpoint_id from unnest(concerned) c order by random() limit 1) c;
            perform pg_advisory_xact_lock(lanes_lock(held[1]));
        exception when lock_not_available then
            held := '{}';
        end;
    end if;
    put_off := array(
        select o.delivery_id from json_to_recordset(ends) t (delivery_id uuid, claim uuid)
        join open_deliveries o on o.delivery_id = t.delivery_id and o.claim = t.claim
        where o.endpoint_id <> all (held));

    with ended as (
        select o.delivery_id, o.endpoint_id, o.lane, o.attempts, o.event_type = 'endpoint.test' as is_test,
               t.at, t.after_ms, t.reason, t.try,
               -- A test tells at once what there is to tell.
               case when t.next = 'again' and o.event_type = 'endpoint.test' and o.attempts >= 1 then 'dead'
                    else t.next end as next
        from json_to_recordset(ends)
             t (delivery_id uuid, claim uuid, at timestamptz, next text, after_ms bigint, reason text, try jsonb)
        join open_deliveries o on o.delivery_id = t.delivery_id and o.claim = t.claim
        where o.endpoint_id = any (held)
        for update of o
    ), kept as (
        update open_deliveries o
        set attempts = o.attempts + 1, due_at = now() + make_interval(secs => e.after_ms / 1000.0),
            claim = null, claim_owner = null, claimed_at = null, lease_until = null, tries = o.tries || e.try
        from ended e where o.delivery_id = e.delivery_id and e.next = 'again'
    )
    select count(*) filter (where e.next = 'done'), count(*) filter (where e.next = 'again'),
           count(*) filter (where e.next in ('dead', 'gone')),
           json_array_length(ends) - count(*) - cardinality(put_off),
           array_agg(e.delivery_id) filter (where e.next <> 'again'),
           array_agg(case e.next when 'done' then 'done' else 'dead' end) filter (where e.next <> 'again'),
           array_agg(e.reason) filter (where e.next <> 'again'), array_agg(e.try) filter (where e.next <> 'again'),
           array_agg(e.endpoint_id), array_agg(e.at), array_agg(e.next = 'done'), array_agg(e.next = 'gone'),
           array_agg(e.is_test),
           array_agg(e.endpoint_id) filter (where e.attempts = 0 and e.lane is not null),
           array_agg(e.lane) filter (where e.attempts = 0 and e.lane is not null)
    into done, again, dead, lost, closed_ids, closed_states, closed_reasons, closed_tries,
         ended_at_endpoint, ended_at, went_well, is_gone, is_test, lane_endpoints, lane_names
    from ended e;
    perform close_deliveries(closed_ids, closed_states, closed_reasons, closed_tries);
    perform free_lanes(lane_endpoints, lane_names);

    with told as (
        select u.* from unnest(ended_at_endpoint, ended_at, went_well, is_test) u (endpoint_id, at, well, is_test)
        where not u.is_test
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
    where n.endpoint_id = c.endpoint_id and n.state = 'enabled' and (c.failures > 0 or n.failures > 0);

    disabled := '{}';
    for stopping in
        select n.endpoint_id,
               case when g.gone then 'it answered 410 Gone' else 'all tries of five days failed' end as why
        from endpoints n
        join (select u.endpoint_id, bool_or(u.gone) as gone, bool_and(u.is_test) as is_test
              from unnest(ended_at_endpoint, is_gone, is_test) u (endpoint_id, gone, is_test)
              group by 1) g on g.endpoint_id = n.endpoint_id
        where n.state = 'enabled' and (g.gone or not g.is_test and n.failing_since <= now() - interval '5 days')
        order by 1
    loop
        perform stop_endpoint(stopping.endpoint_id, stopping.why);
        disabled := disabled || stopping.endpoint_id;
    end loop;
    return next;
end $$;

-- Gives claims back, as if nobody had made them; due again after the pause, where there is one. What is being ended at
-- this moment is passed over. Returns how many were held still.
create function release_claims(delivery_ids uuid[], claims uuid[], pause interval) returns bigint
language sql volatile security definer set search_path = public, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
    with held as (
        select o.delivery_id from unnest(delivery_ids, claims) c (delivery_id, claim)
        join open_deliveries o on o.delivery_id = c.delivery_id and o.claim = c.claim
        for update of o skip locked
    ), released as (
        update open_deliveries o
        set claim = null, claim_owner = null, claimed_at = null, lease_until = null,
            due_at = case when pause > interval '0' then now() + pause else o.due_at end
        from held h where o.delivery_id = h.delivery_id
        returning 1
    )
    select count(*) from released
$$;

-- Lets nothing be claimed for these endpoints for a while.
create function pause_endpoints(ids uuid[], pause interval) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
    update endpoints n set paused_until = now() + pause
    where n.endpoint_id in (select p.endpoint_id from endpoints p
                            where p.endpoint_id = any (ids) order by 1 for no key update skip locked)
$$;

-- Gives back the claims whose lease is over, and those of processes that live no more: PostgreSQL drops a session's
-- locks with the session. A process whose session was lost takes its lock again within seconds, so claims that are new
-- are believed. The caller lives. Returns how many.
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
        where o.claim is not null
          and (o.lease_until < now()
               or o.claimed_at <= now() - interval '5 seconds' and o.claim_owner not in (select owner from living))
        for update skip locked
    ), released as (
        update open_deliveries o set claim = null, claim_owner = null, claimed_at = null, lease_until = null
        from dead d where o.delivery_id = d.delivery_id
        returning 1
    )
    select count(*) from released
$$;

-- How much waits, for all endpoints; what is open is counted up to 100,000.
create function delivery_backlog()
returns table (open bigint, in_flight bigint, oldest_enqueued_at timestamptz, endpoints_disabled bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select (select count(*) from (select 1 from open_deliveries limit 100000) counted),
           (select count(*) from open_deliveries o where o.claim is not null),
           -- IDs say when they were made.
           (select o.created_at from open_deliveries o order by o.delivery_id limit 1),
           (select count(*) from endpoints n where n.state = 'disabled')
$$;

revoke execute on all functions in schema public from public;
