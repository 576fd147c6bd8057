-- Traces, so that a delivery goes on with the trace of what caused its event. Each is a `traceparent`
-- (https://www.w3.org/TR/trace-context/), and null where nothing was traced.

-- Of the webhook that the event came with.
alter table events add column trace text;
-- Of the call that asked for the change.
alter table changes add column trace text;

-- As before, with the trace of the webhook; a program that does not know of it gives none.
drop function receive_events(bytea[], text[], text[], text[], text[], timestamptz[]);

-- Commits a batch of events in one statement; returns how many were new. The arrays run in parallel, and no fingerprint
-- comes twice in them. Their IDs have the order of the batch. Nobody is notified: a commit that notifies waits for every
-- other such commit.
create function receive_events(
    prints bytea[], fields text[], wabas text[], phone_numbers text[], payloads text[], times timestamptz[],
    trace text default null
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
        insert into events (id, cust_space_id, field, waba_id, phone_number_id, value, entry_time, received_at, trace)
        select random_uuid_at(arrived, b.place - 1), coalesce(n.cust_space_id, w.cust_space_id), b.field, b.waba,
               b.phone_number, b.payload::json, b.entry_time, arrived, receive_events.trace
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

-- The traces of those of these events that have any: of the webhook, and of the call that asked for the change which the
-- event ended.
create function traces_of_events(ids uuid[]) returns table (event_id uuid, of_webhook text, of_call text)
language sql stable security definer set search_path = public, pg_temp set jit = off as $$
    select e.id, e.trace, c.trace
    from unnest(ids) as asked (id)
    cross join lateral (select * from events e where e.id = asked.id offset 0) e
    left join changes c on c.unique_code = e.unique_code and c.cust_space_id = e.cust_space_id
    where num_nonnulls(e.trace, c.trace) > 0
$$;

insert into gateway_privileges values ('execute on function traces_of_events');

revoke execute on all functions in schema public from public;
