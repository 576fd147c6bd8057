-- How events are received, routed and published. In another form from here on.

drop function receive_events(uuid[], bytea[], text[], text[], text[], text[]);
drop function claim_events(bigint);
drop function forget_old_fingerprints();

-- Commits a batch of events in one statement; returns how many were new. The arrays run in parallel, and no fingerprint
-- comes twice in them. Their IDs have the order of the batch. Nobody is notified: a commit that notifies waits for every
-- other such commit.
create function receive_events(
    prints bytea[], fields text[], wabas text[], phone_numbers text[], payloads text[], times timestamptz[]
) returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare
    arrived timestamptz := clock_timestamp();
    fresh_rows bigint;
    unknown_wabas text[];
    unknown_phones text[];
begin
    with batch as (
        select * from unnest(prints, fields, wabas, phone_numbers, payloads, times)
                      with ordinality as b (print, field, waba, phone_number, payload, entry_time, place)
    ), fresh as (
        -- In the order of the fingerprints, so that two batches with the same doubles cannot lock each other out.
        insert into event_fingerprints (fingerprint) select print from batch order by print
        on conflict do nothing returning fingerprint
    ), kept as (
        insert into events (id, cust_space_id, field, waba_id, phone_number_id, value, entry_time, received_at)
        select random_uuid_at(arrived, b.place - 1), coalesce(n.cust_space_id, w.cust_space_id), b.field, b.waba,
               b.phone_number, b.payload::json, b.entry_time, arrived
        from batch b
        join fresh f on f.fingerprint = b.print
        -- A number under another WABA than its own is not believed.
        left join business_numbers n on n.phone_number_id = b.phone_number and b.waba in ('', n.waba_id)
        -- Where an event names no number, its WABA tells the tenant, if all of the WABA's numbers are one tenant's.
        left join lateral (
            select min(o.cust_space_id) as cust_space_id from business_numbers o
            where b.phone_number is null and o.waba_id = b.waba
            having count(distinct o.cust_space_id) = 1
        ) w on true
        order by b.place
        returning id, position, cust_space_id, waba_id, phone_number_id
    ), queued as (
        insert into unrouted_events (cust_space_id, position, event_id)
        select k.cust_space_id, k.position, k.id from kept k where k.cust_space_id is not null
    )
    select count(*), array_agg(k.waba_id) filter (where k.cust_space_id is null),
           array_agg(coalesce(k.phone_number_id, '')) filter (where k.cust_space_id is null)
    into fresh_rows, unknown_wabas, unknown_phones from kept k;
    if unknown_wabas is not null then
        perform note_unknown_numbers(unknown_wabas, unknown_phones);
    end if;
    return fresh_rows;
end $$;

-- Notes that events came from these unknown numbers. Rows that another batch notes at this moment are passed over: nobody
-- waits for anybody.
create function note_unknown_numbers(wabas text[], phones text[]) returns void language plpgsql
set search_path = public, pg_temp as $$
begin
    insert into unknown_numbers (waba_id, phone_number_id)
    select distinct n.waba, n.phone from unnest(wabas, phones) as n (waba, phone) order by 1, 2
    on conflict do nothing;
    update unknown_numbers u set last_seen = now()
    from (select w.waba_id, w.phone_number_id from unknown_numbers w
          where w.last_seen < now() - interval '1 minute'
            and (w.waba_id, w.phone_number_id) in (select n.waba, n.phone from unnest(wabas, phones) as n (waba, phone))
          for update skip locked) as seen
    where (u.waba_id, u.phone_number_id) = (seen.waba_id, seen.phone_number_id);
end $$;

-- Fingerprints are needed for as long as Meta repeats, 7 days, and one more. The oldest go, at most so many.
create function forget_old_fingerprints(max_rows bigint) returns bigint
language sql security definer set search_path = public, pg_temp as $$
    with gone as (
        delete from event_fingerprints f
        using (select o.fingerprint from event_fingerprints o
               where o.seen_at < now() - interval '8 days'
               order by o.seen_at limit max_rows for update skip locked) as old
        where f.fingerprint = old.fingerprint
        returning 1
    )
    select count(*) from gone
$$;

-- Gives these events to their tenants, and puts them into the queue. Returns how many. For the functions below.
create function adopt(adopted_ids uuid[], owners text[]) returns bigint language plpgsql
set search_path = public, pg_temp set jit = off as $$
declare
    adopted_rows bigint;
begin
    with adopted as (
        update events e set cust_space_id = found.owner
        from unnest(adopted_ids, owners) as found (id, owner)
        where e.id = found.id and e.cust_space_id is null
        returning e.id, e.position, e.cust_space_id
    ), queued as (
        insert into unrouted_events (cust_space_id, position, event_id)
        select a.cust_space_id, a.position, a.id from adopted a
    )
    select count(*) into adopted_rows from adopted;
    if adopted_rows > 0 then
        perform pg_notify('groupgate_events', '');
    end if;
    return adopted_rows;
end $$;

-- Events that came before their number was added become the tenant's: the oldest 10,000, and the rest by adopt_strays.
-- Acts for the tenant of the transaction alone.
create or replace function adopt_events(phone_number text) returns bigint
language sql security definer set search_path = public, pg_temp set jit = off as $$
    select adopt(array_agg(found.id), array_agg(found.owner)) from (
        select e.id, n.cust_space_id as owner
        from business_numbers n
        join events e on coalesce(e.phone_number_id, '') = n.phone_number_id and e.waba_id in ('', n.waba_id)
                     and e.cust_space_id is null and e.field <> 'groupgate'
        where n.phone_number_id = phone_number
          and n.cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), '')
        order by e.position limit 10000
    ) as found
$$;

-- Whose an unknown number is by now, and null where it is unknown still.
create function owner_of_unknown(waba text, phone_number text) returns text
language sql stable set search_path = public, pg_temp as $$
    select coalesce(
        (select n.cust_space_id from business_numbers n
         where n.phone_number_id = phone_number and waba in ('', n.waba_id)),
        -- Where an event names no number, its WABA tells the tenant, if all of the WABA's numbers are one tenant's.
        (select min(o.cust_space_id) from business_numbers o
         where phone_number = '' and o.waba_id = waba having count(distinct o.cust_space_id) = 1))
$$;

-- The same for events that came while their number was being added, and for those that name a WABA alone. Events of a
-- tenant that was erased while they came are nobody's again. Returns how many found their tenant.
create or replace function adopt_strays() returns bigint
language plpgsql security definer set search_path = public, pg_temp set jit = off as $$
begin
    with orphans as (
        delete from unrouted_events u
        where not exists (select 1 from event_counters c where c.cust_space_id = u.cust_space_id)
        returning u.event_id
    ), unknown as (
        update events e set cust_space_id = null, state = 'received' from orphans o where e.id = o.event_id
        returning e.waba_id, coalesce(e.phone_number_id, '') as phone_number_id
    )
    insert into unknown_numbers (waba_id, phone_number_id)
    select distinct u.waba_id, u.phone_number_id from unknown u order by 1, 2
    on conflict do nothing;
    return (
        select adopt(array_agg(found.id), array_agg(found.owner)) from (
            select e.id, owner_of_unknown(u.waba_id, u.phone_number_id) as owner
            from unknown_numbers u
            join events e on coalesce(e.phone_number_id, '') = u.phone_number_id and e.waba_id = u.waba_id
                         and e.cust_space_id is null and e.field <> 'groupgate'
            where owner_of_unknown(u.waba_id, u.phone_number_id) is not null
            order by e.position limit 10000
        ) as found
    );
end $$;

-- Tenants that have events to route now, after `place` in the order of their IDs, their counters locked for the calling
-- transaction; those that another replica routes are passed over. The queue is empty at one moment and long at the next,
-- and what is known of its size is always of another moment, so plans that suit a small one alone are ruled out.
create function claim_tenants(place text, max_rows bigint) returns setof text
language plpgsql security definer set search_path = public, pg_temp set enable_seqscan = off as $$
declare
    tenant text := place;
    claimed bigint := 0;
begin
    while claimed < max_rows loop
        select u.cust_space_id into tenant from unrouted_events u
        where u.cust_space_id > tenant order by u.cust_space_id limit 1;
        exit when tenant is null;
        perform 1 from event_counters c
        where c.cust_space_id = tenant
          and exists (select 1 from unrouted_events d where d.cust_space_id = tenant and d.route_after <= now())
        for update skip locked;
        if found then
            claimed := claimed + 1;
            return next tenant;
        end if;
    end loop;
end $$;

-- The first events to route of each of these tenants, whose counters the calling transaction holds.
create function claim_events(tenants text[], max_rows bigint) returns table (
    id uuid, place bigint, cust_space_id text, field text, waba_id text, phone_number_id text, value text,
    entry_time timestamptz, received_at timestamptz, is_applied boolean, unique_code uuid
) language plpgsql security definer set search_path = public, pg_temp set jit = off set enable_seqscan = off as $$
#variable_conflict use_column
begin
    return query
    select e.id, e.position, e.cust_space_id, e.field, e.waba_id, e.phone_number_id, e.value::text, e.entry_time,
           e.received_at, e.state = 'held', e.unique_code
    from unnest(tenants) as t (tenant)
    cross join lateral (
        select u.event_id, u.position from unrouted_events u
        where u.cust_space_id = t.tenant and u.route_after <= now()
        order by u.position limit max_rows
    ) q
    join events e on e.id = q.event_id
    order by e.cust_space_id, e.position;
end $$;

-- Publishes events of tenants whose counters the calling transaction holds: gives them their sequence, in the order of
-- arrival, and what the router read in them; puts them on their way to the endpoints, and tells who waits for them.
-- The arrays run in parallel. Returns for each how long it took since it came, in seconds.
create function publish_events(
    tenants text[], places bigint[], ids uuid[], types text[], groups text[], times timestamptz[], failures boolean[]
) returns double precision[] language plpgsql security definer set search_path = public, pg_temp set jit = off
set enable_seqscan = off as $$
declare
    lags double precision[];
    changed text;
begin
    with given as (
        select * from unnest(tenants, places, ids, types, groups, times, failures)
                      as g (tenant, place, id, type, group_id, occurred_at, is_failed)
    ), counted as (
        update event_counters c set last_sequence = c.last_sequence + more.events
        from (select g.tenant, count(*) as events from given g group by g.tenant) as more
        where c.cust_space_id = more.tenant
        returning c.cust_space_id, c.last_sequence - more.events as before
    ), numbered as (
        select g.*, c.before + row_number() over (partition by g.tenant order by g.place) as sequence
        from given g join counted c on c.cust_space_id = g.tenant
    ), routed as (
        delete from unrouted_events u using given g where u.cust_space_id = g.tenant and u.position = g.place
    ), published as (
        update events e
        set sequence = g.sequence, type = g.type, group_id = g.group_id,
            occurred_at = coalesce(g.occurred_at, e.entry_time, e.received_at), routed_at = now(),
            state = case when g.is_failed then 'failed' else 'routed' end,
            business_number = (select n.business_number from business_numbers n
                               where n.phone_number_id = e.phone_number_id and n.cust_space_id = e.cust_space_id)
        from numbered g
        where e.id = g.id and e.cust_space_id = g.tenant and e.sequence is null
        returning e.cust_space_id, e.phone_number_id, e.group_id, e.occurred_at, e.received_at
    ), heard as (
        insert into number_events as h (cust_space_id, phone_number_id, last_group_event_at)
        select p.cust_space_id, p.phone_number_id, max(p.occurred_at) from published p
        join business_numbers n using (cust_space_id, phone_number_id)
        where p.group_id is not null
        group by 1, 2 order by 1, 2
        on conflict (cust_space_id, phone_number_id) do update
            set last_group_event_at = greatest(h.last_group_event_at, excluded.last_group_event_at)
    )
    select array_agg(extract(epoch from clock_timestamp() - p.received_at)::double precision) into lags from published p;
    select string_agg(distinct t.tenant, ',') into changed from unnest(tenants) as t (tenant);
    -- A notification holds less than 8,000 bytes; without names it is for everybody.
    perform pg_notify('groupgate_published', case when length(changed) < 7900 then changed else '' end);
    perform enqueue_deliveries(ids);
    return lags;
end $$;

-- A time as events write it.
create function utc_text(at timestamptz) returns text
language sql immutable strict set search_path = public, pg_temp as $$
    select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- Sends number.unknown for numbers that were heard of since they were last announced, once a day each. Returns how many.
create function announce_unknown_numbers() returns bigint language plpgsql
security definer set search_path = public, pg_temp as $$
declare
    number record;
    announced bigint := 0;
begin
    for number in
        update unknown_numbers u set announced_at = now()
        from (select w.waba_id, w.phone_number_id from unknown_numbers w
              where (w.announced_at is null
                     or w.announced_at < now() - interval '1 day' and w.last_seen > w.announced_at)
                and owner_of_unknown(w.waba_id, w.phone_number_id) is null
              order by w.first_seen limit 100 for update skip locked) as due
        where (u.waba_id, u.phone_number_id) = (due.waba_id, due.phone_number_id)
        returning u.*
    loop
        perform publish_own_event('number.unknown', null, json_build_object(
            'WabaId', nullif(number.waba_id, ''), 'PhoneNumberId', nullif(number.phone_number_id, ''),
            'FirstSeen', utc_text(number.first_seen), 'LastSeen', utc_text(number.last_seen)));
        announced := announced + 1;
    end loop;
    return announced;
end $$;

-- Events of numbers that no tenant has, in the order of arrival.
create function list_unrouted_events(after_id uuid, max_rows bigint) returns table (
    id uuid, field text, waba_id text, phone_number_id text, value text, received_at timestamptz
) language sql stable security definer set search_path = public, pg_temp as $$
    select e.id, e.field, e.waba_id, e.phone_number_id, e.value::text, e.received_at
    from events e
    where e.cust_space_id is null and e.field <> 'groupgate' and e.id > after_id
    order by e.id limit max_rows
$$;

-- A published event, whosever it is.
create function find_event(event_id uuid) returns setof events
language sql stable security definer set search_path = public, pg_temp as $$
    select * from events e where e.id = event_id and e.type is not null
$$;

-- How far the sequences of these tenants have come, for those who wait for their events.
create function last_sequences(tenants text[]) returns setof event_counters
language sql stable security definer set search_path = public, pg_temp as $$
    select * from event_counters where cust_space_id = any (tenants)
$$;

-- What waits to be routed, and what waits for its number to be added, the latter counted up to 100,000.
create function unrouted_backlog(out unrouted bigint, out oldest_received_at timestamptz, out of_unknown bigint)
language sql stable security definer set search_path = public, pg_temp set jit = off as $$
    select (select count(*) from unrouted_events),
           (select e.received_at from events e
            where e.id = (select u.event_id from unrouted_events u order by u.event_id limit 1)),
           (select count(*) from (select 1 from events e where e.cust_space_id is null and e.field <> 'groupgate'
                                  limit 100000) as counted)
$$;

-- When numbers were last heard of, for the metrics; always the same ones where there are more.
create function number_activity(max_rows bigint) returns setof number_events
language sql stable security definer set search_path = public, pg_temp as $$
    select * from number_events order by phone_number_id limit max_rows
$$;

-- Waits until nobody routes events of the transaction's own tenant, and keeps others from it.
create function hold_events() returns void
language sql security definer set search_path = public, pg_temp as $$
    select 1 from event_counters
    where cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), '') for update
$$;

-- Deletes all events of the transaction's own tenant. Returns how many.
create function erase_events() returns bigint language plpgsql
security definer set search_path = public, pg_temp set jit = off as $$
declare
    tenant text := nullif(current_setting('groupgate.cust_space_id', true), '');
    erased bigint;
    unrouted bigint;
begin
    -- By the three indexes that know a tenant's events: those in its sequence, those in the queue, the gateway's own.
    delete from events where cust_space_id = tenant and sequence is not null;
    get diagnostics erased = row_count;
    with queued as (delete from unrouted_events where cust_space_id = tenant returning event_id)
    delete from events e using queued q where e.id = q.event_id and e.cust_space_id = tenant;
    get diagnostics unrouted = row_count;
    delete from events where cust_space_id = tenant and field = 'groupgate';
    return erased + unrouted;
end $$;

-- Changes whose answer is overdue and not recorded, and for which an event that settled nothing may be meant. Not while
-- a like change is still being sent: the event may be that one's.
create or replace function abandoned_changes(max_rows bigint) returns table (cust_space_id text, unique_code uuid)
language sql stable security definer set search_path = public, pg_temp set jit = off as $$
    select c.cust_space_id, c.unique_code
    from changes c
    where c.status in ('SENDING', 'UNKNOWN') and c.request_id is null and c.answer_due < now()
      and exists (
        select 1 from events e
        where e.id >= uuid_at(c.created_at)
          and e.cust_space_id = c.cust_space_id and e.outcome is not null and e.unique_code is null
          and e.change_kind = c.operation and e.received_at >= c.created_at
          and (e.change_group_id = c.group_id
               or c.group_id is null and e.change_subject = c.subject and e.phone_number_id = c.phone_number_id)
      )
      and not exists (
        select 1 from changes o
        where o.cust_space_id = c.cust_space_id and o.status = 'SENDING' and o.answer_due >= now()
          and o.operation = c.operation
          and (o.group_id = c.group_id
               or o.group_id is null and c.group_id is null
                  and o.phone_number_id = c.phone_number_id and o.subject = c.subject)
      )
    order by c.created_at limit max_rows
$$;

revoke execute on all functions in schema public from public;
