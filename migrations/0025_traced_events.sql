-- What is kept of an event besides: the trace that it came with, and the settings of a group that it tells of.

-- As in 0024_upkeep.sql, which says why.
set local lock_timeout = '1s';

alter table events
    -- The `traceparent` (https://www.w3.org/TR/trace-context/) of the webhook that brought it; null where it was not traced.
    add column trace text,
    -- Each setting has a list with the digest of its text in it; an empty one where the event has no text of it.
    add column change_settings jsonb;

-- Commits a batch of events in one statement; returns how many were new. The arrays run in parallel, and no fingerprint
-- comes twice in them. Their IDs have the order of the batch. `trace` is the webhook's. Nobody is notified: a commit that
-- notifies waits for every other such commit.
create function receive_traced_events(
    prints bytea[], fields text[], wabas text[], phone_numbers text[], payloads text[], times timestamptz[],
    trace text
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
               b.phone_number, b.payload::json, b.entry_time, arrived, receive_traced_events.trace
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

-- For programs that know of no traces. Its signature stays, and so does the right to it: what they receive while this
-- runs is not refused.
create or replace function receive_events(
    prints bytea[], fields text[], wabas text[], phone_numbers text[], payloads text[], times timestamptz[]
) returns bigint language sql security definer set search_path = public, pg_temp as $$
    select receive_traced_events(prints, fields, wabas, phone_numbers, payloads, times, null)
$$;

insert into gateway_privileges values
    ('update (change_settings) on events'),
    ('execute on function receive_traced_events');

revoke execute on all functions in schema public from public;
