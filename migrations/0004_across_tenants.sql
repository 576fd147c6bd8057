-- All work across tenants: the only functions that run with the owner's rights. Each has a fixed search_path and is
-- executable by the gateway's role alone (see grant_to_gateway). Rust calls them from across_tenants.rs only.

-- The administrator's list.
create function list_tenants(after_id text, max_rows bigint) returns setof tenants
language sql stable security definer set search_path = public, pg_temp as $$
    select * from tenants where cust_space_id > after_id order by cust_space_id limit max_rows
$$;

-- All that the resolver needs of one tenant.
create function open_tenant(id text) returns table (
    status text, numbers json, per_tenant text, per_number text, in_flight integer,
    sealed_token bytea, key_version integer, master_key_id text, wrapped_key bytea
) language sql stable security definer set search_path = public, pg_temp as $$
    select t.status,
           coalesce((select json_agg(n order by n.business_number) from business_numbers n
                     where n.cust_space_id = t.cust_space_id), '[]'),
           t.per_tenant, t.per_number, t.in_flight,
           c.sealed_token, c.key_version, k.master_key_id, k.wrapped_key
    from tenants t
    left join credentials c using (cust_space_id)
    left join data_keys k on k.cust_space_id = c.cust_space_id and k.version = c.key_version
    where t.cust_space_id = id
$$;

-- A caller's key, by the ID that he named; with the secret before it, as long as that is good.
create function open_access_key(id text) returns table (
    name text, grants json, sealed_secret bytea, state text, expires_at timestamptz,
    key_version integer, master_key_id text, wrapped_key bytea,
    previous_secret bytea, previous_until timestamptz,
    previous_key_version integer, previous_master_key_id text, previous_wrapped_key bytea
) language sql stable security definer set search_path = public, pg_temp as $$
    select a.name, a.grants, a.sealed_secret, a.state, a.expires_at, a.key_version, k.master_key_id, k.wrapped_key,
           a.previous_secret, a.previous_until, p.version, p.master_key_id, p.wrapped_key
    from access_keys a
    join data_keys k on k.cust_space_id = a.cust_space_id and k.version = a.key_version
    left join data_keys p on p.cust_space_id = a.cust_space_id and p.version = a.previous_key_version
                         and a.previous_until > now()
    where a.access_key_id = id
$$;

-- Commits a batch of events in one statement; returns how many were new. The arrays run in parallel.
create function receive_events(
    ids uuid[], prints bytea[], fields text[], wabas text[], phone_numbers text[], payloads text[]
) returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare
    fresh_rows bigint;
begin
    with batch as (
        select distinct on (b.print) b.*
        from unnest(ids, prints, fields, wabas, phone_numbers, payloads)
             with ordinality as b (id, print, field, waba, phone_number, payload, place)
        order by b.print, b.place
    ), fresh as (
        -- In the order of the fingerprints, so that two batches with the same doubles cannot lock each other out.
        insert into event_fingerprints (fingerprint) select print from batch order by print
        on conflict do nothing returning fingerprint
    )
    insert into events (id, cust_space_id, field, waba_id, phone_number_id, value)
    select b.id, coalesce(n.cust_space_id, w.cust_space_id), b.field, b.waba, b.phone_number, b.payload::json
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
    order by b.place;
    get diagnostics fresh_rows = row_count;
    if fresh_rows > 0 then
        perform pg_notify('groupgate_events', '');
    end if;
    return fresh_rows;
end $$;

create function keep_malformed(start_of_body bytea, whole_length bigint) returns void
language sql security definer set search_path = public, pg_temp as $$
    insert into malformed_webhooks (body, body_length) values (start_of_body, whole_length)
$$;

-- Fingerprints are needed for as long as Meta repeats, 7 days, and one more.
create function forget_old_fingerprints() returns bigint
language sql security definer set search_path = public, pg_temp as $$
    with gone as (delete from event_fingerprints where seen_at < now() - interval '8 days' returning 1)
    select count(*) from gone
$$;

-- Events that came before their number was added become the tenant's. Acts for the tenant of the transaction alone.
create function adopt_events(phone_number text) returns bigint
language sql security definer set search_path = public, pg_temp as $$
    with adopted as (
        update events e set cust_space_id = n.cust_space_id
        from business_numbers n
        where e.cust_space_id is null and e.phone_number_id = phone_number
          and n.phone_number_id = phone_number and e.waba_id in ('', n.waba_id)
          and n.cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), '')
        returning 1
    )
    select count(*) from adopted
$$;

-- The same for events that came while their number was being added, and for those that name a WABA alone. Returns how
-- many found their tenant.
create function adopt_strays() returns bigint
language sql security definer set search_path = public, pg_temp as $$
    with found as (
        select s.id, coalesce(n.cust_space_id, w.cust_space_id) as owner
        from events s
        left join business_numbers n on n.phone_number_id = s.phone_number_id and s.waba_id in ('', n.waba_id)
        left join lateral (
            select min(o.cust_space_id) as cust_space_id from business_numbers o
            where s.phone_number_id is null and o.waba_id = s.waba_id
            having count(distinct o.cust_space_id) = 1
        ) w on true
        where s.cust_space_id is null and coalesce(n.cust_space_id, w.cust_space_id) is not null
    ), adopted as (
        update events e set cust_space_id = found.owner from found
        where e.id = found.id and e.cust_space_id is null
        returning 1
    )
    select count(*) from adopted
$$;

-- Which of these changes are settled, for the calls that wait for them.
create function settled_changes(codes uuid[]) returns setof uuid
language sql stable security definer set search_path = public, pg_temp as $$
    select unique_code from changes where unique_code = any (codes) and status not in ('SENDING', 'PENDING')
$$;

-- Unrouted events of known tenants, locked for the calling transaction; those that another replica holds are passed over.
create function claim_events(max_rows bigint) returns table (
    id uuid, place bigint, cust_space_id text, field text, waba_id text, phone_number_id text, value text,
    received_at timestamptz
) language sql volatile security definer set search_path = public, pg_temp as $$
    select e.id, e.position, e.cust_space_id, e.field, e.waba_id, e.phone_number_id, e.value::text, e.received_at
    from events e
    where e.state = 'received' and e.cust_space_id is not null and e.route_after <= now()
    order by e.position limit max_rows
    for update skip locked
$$;

-- Changes open for too long, claimed for a minute.
create function claim_stale_changes(older_than interval, max_rows bigint)
returns table (cust_space_id text, unique_code uuid)
language sql volatile security definer set search_path = public, pg_temp as $$
    update changes u set claimed_until = now() + interval '1 minute'
    where u.unique_code in (
        select c.unique_code from changes c
        where c.status in ('SENDING', 'PENDING') and c.created_at < now() - older_than
          and (c.claimed_until is null or c.claimed_until < now())
        order by c.created_at limit max_rows
        for update skip locked
    )
    returning u.cust_space_id, u.unique_code
$$;

-- Changes whose answer is overdue and not recorded, and for which an event that settled nothing may be meant. Not while
-- a like change is still being sent: the event may be that one's.
create function abandoned_changes(max_rows bigint) returns table (cust_space_id text, unique_code uuid)
language sql stable security definer set search_path = public, pg_temp as $$
    select c.cust_space_id, c.unique_code
    from changes c
    where c.status in ('SENDING', 'UNKNOWN') and c.request_id is null and c.answer_due < now()
      and exists (
        select 1 from events e
        where e.cust_space_id = c.cust_space_id and e.outcome is not null and e.unique_code is null
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

-- Numbers of active tenants of which something is due to be compared with Meta's word, claimed for as long as `lease`.
create function claim_mirrors(lease interval, max_rows bigint)
returns table (cust_space_id text, phone_number_id text, claim uuid)
language sql volatile security definer set search_path = public, pg_temp as $$
    update mirrors u set claim = gen_random_uuid(), claimed_until = now() + lease
    where (u.cust_space_id, u.phone_number_id) in (
        select m.cust_space_id, m.phone_number_id
        from mirrors m
        join tenants t on t.cust_space_id = m.cust_space_id
        where t.status = 'active' and (m.claimed_until is null or m.claimed_until < now())
          and (m.list_due <= now() or m.record_due <= now()
               or exists (select 1 from groups g
                          where g.cust_space_id = m.cust_space_id and g.phone_number_id = m.phone_number_id
                            and g.details_due <= now() and g.lifecycle = 'ACTIVE'))
        order by least(m.list_due, m.record_due) limit max_rows
        for update of m skip locked
    )
    returning u.cust_space_id, u.phone_number_id, u.claim
$$;
