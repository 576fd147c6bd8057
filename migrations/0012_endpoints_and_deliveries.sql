-- Endpoints, and what is delivered to them.
--
-- The queue of open deliveries is empty at one moment and long at the next, so functions that search it say what plan is
-- right for a long one: `enable_seqscan`, `enable_hashjoin` and `enable_mergejoin` off, and `offset 0` where the order of a
-- join matters. Plans over all days of a table cost more than `jit_above_cost`, and to compile them takes longer than to
-- run them: `jit` off.

-- No foreign key to tenants: what belongs to the ISV lives in '_system', which is no tenant. Erasing a tenant deletes
-- its rows here by itself (erase_deliveries).
create table endpoints (
    endpoint_id     uuid primary key,
    cust_space_id   text not null,
    url             text not null,
    -- Whole types, or `group.*`; empty: all.
    types           text[] not null default '{}',
    description     text,
    state           text not null default 'enabled' check (state in ('enabled', 'disabled')),
    disabled_reason text,
    disabled_at     timestamptz,
    -- What was open for it when it was disabled is being ended still.
    is_stopping     boolean not null default false,
    -- Until then nothing is claimed for it: its secret did not open.
    paused_until    timestamptz,
    -- The first of the failures since the last success, and how many there were.
    failing_since   timestamptz,
    failures        integer not null default 0,
    sealed_secret   bytea not null,
    key_version     integer not null,
    -- The secret before the last rotation, which signs, too, until then.
    previous_secret      bytea,
    previous_key_version integer,
    previous_until       timestamptz,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    check (num_nulls(previous_secret, previous_key_version, previous_until) in (0, 3)),
    check ((state = 'disabled') = (disabled_at is not null)),
    check (state = 'disabled' or not is_stopping),
    foreign key (cust_space_id, key_version) references data_keys,
    foreign key (cust_space_id, previous_key_version) references data_keys
) with (fillfactor = 50);
create index endpoints_of_space on endpoints (cust_space_id);
create index endpoints_stopping on endpoints (endpoint_id) where is_stopping;
create index endpoints_disabled on endpoints (endpoint_id) where state = 'disabled';

-- What is neither done nor dead. Small and hot: rows come, are claimed, and go; autovacuum follows closely.
create table open_deliveries (
    delivery_id   uuid primary key,
    -- The order within a lane.
    position      bigint generated always as identity,
    endpoint_id   uuid not null,
    -- The endpoint's space; the event's tenant stands below.
    cust_space_id text not null,
    event_id      uuid not null,
    event_type    text not null,
    event_tenant  text,
    sequence      bigint,
    -- The group; null: no lane.
    lane          text,
    -- Of a lane's deliveries that nobody tried, the first is ready; what was tried, or has no lane, is.
    is_ready      boolean not null,
    attempts      smallint not null default 0,
    due_at        timestamptz not null default now(),
    -- Who tries it now, since when, and until when that is believed.
    claim         uuid,
    claim_owner   bigint,
    claimed_at    timestamptz,
    lease_until   timestamptz,
    tries         jsonb not null default '[]',
    created_at    timestamptz not null default now(),
    check (num_nulls(claim, claim_owner, claimed_at, lease_until) in (0, 4))
) with (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 10000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000
);
create index open_deliveries_due on open_deliveries (endpoint_id, due_at, position) where is_ready and claim is null;
create index open_deliveries_next on open_deliveries (due_at) where is_ready and claim is null;
create index open_deliveries_claimed on open_deliveries (endpoint_id) where claim is not null;
create index open_deliveries_untried on open_deliveries (endpoint_id, lane, position)
    where attempts = 0 and lane is not null;
create index open_deliveries_event on open_deliveries (event_id);

-- What is done or dead: rows are added and never changed, and go with their day.
create table deliveries (
    delivery_id   uuid primary key,
    endpoint_id   uuid not null,
    cust_space_id text not null,
    event_id      uuid not null,
    event_type    text not null,
    event_tenant  text,
    sequence      bigint,
    lane          text,
    state         text not null check (state in ('done', 'dead')),
    reason        text,
    tries         jsonb not null,
    created_at    timestamptz not null,
    ended_at      timestamptz not null default now()
) partition by range (delivery_id);
create table deliveries_default partition of deliveries default;
create index deliveries_of_endpoint on deliveries (endpoint_id, delivery_id);
create index deliveries_dead on deliveries (endpoint_id, delivery_id) where state = 'dead';
create index deliveries_of_event on deliveries (event_id);
create index deliveries_of_tenant on deliveries (event_tenant);

alter table endpoints enable row level security;
alter table open_deliveries enable row level security;
alter table deliveries enable row level security;
alter table deliveries_default enable row level security;
create policy own_rows on endpoints using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));
create policy own_rows on open_deliveries using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));
create policy own_rows on deliveries using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));

-- The lock of an endpoint's lanes. Shared by whoever adds to them; alone, whoever frees the next of a lane or ends them,
-- so that no delivery is added behind one that is just being tried without anybody seeing both.
create function lanes_lock(endpoint uuid) returns bigint
language sql immutable strict set search_path = public, pg_temp as $$
    select hashtextextended('groupgate lanes ' || endpoint, 0)
$$;

-- The lock of an endpoint's seats: one claim at a time counts and fills them.
create function seats_lock(endpoint uuid) returns bigint
language sql immutable strict set search_path = public, pg_temp as $$
    select hashtextextended('groupgate seats ' || endpoint, 0)
$$;

-- Whether an endpoint with this filter gets events of this type.
create function fits(types text[], type text) returns boolean
language sql immutable strict set search_path = public, pg_temp as $$
    select types = '{}' or type = any (types)
        or exists (select 1 from unnest(types) t where t like '%.*' and starts_with(type, left(t, -1)))
$$;

-- Opens a delivery for each pair of an endpoint and an event, in the order of the events. The caller holds the lanes.
create function open_pairs(endpoint_ids uuid[], event_ids uuid[]) returns bigint
language plpgsql volatile set search_path = public, pg_temp
set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    opened bigint;
begin
    insert into open_deliveries (delivery_id, endpoint_id, cust_space_id, event_id, event_type, event_tenant, sequence,
                                 lane, is_ready)
    select random_uuid_at(clock_timestamp()), n.endpoint_id, n.cust_space_id, e.id, e.type, e.cust_space_id, e.sequence,
           e.group_id,
           e.group_id is null
           or row_number() over (partition by n.endpoint_id, e.group_id order by e.sequence, e.id) = 1
              and not exists (select 1 from open_deliveries o
                              where o.endpoint_id = n.endpoint_id and o.lane = e.group_id and o.attempts = 0)
    from unnest(endpoint_ids, event_ids) p (endpoint_id, event_id)
    cross join lateral (select * from endpoints n where n.endpoint_id = p.endpoint_id offset 0) n
    cross join lateral (select * from events e where e.id = p.event_id offset 0) e
    order by e.sequence nulls first, e.id;
    get diagnostics opened = row_count;
    return opened;
end $$;

-- Opens the deliveries of events that the calling transaction publishes. To be called once in a transaction, with the
-- events of all tenants: the locks are taken in the order of the endpoints.
create function enqueue_deliveries(published uuid[]) returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp
set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    locked       uuid[];
    endpoint_ids uuid[];
    event_ids    uuid[];
begin
    -- Events of our own have no sequence, and are for the ISV.
    with told as (
        select distinct e.cust_space_id, e.type, e.sequence is not null as is_numbered
        from unnest(published) p (id)
        cross join lateral (select * from events e where e.id = p.id offset 0) e
    ), concerned as (
        select n.endpoint_id from endpoints n
        where n.state = 'enabled'
          and exists (select 1 from told t
                      where (n.cust_space_id = '_system' or n.cust_space_id = t.cust_space_id and t.is_numbered)
                        and (n.types = '{}' or fits(n.types, t.type)))
          and n.cust_space_id in (select '_system' union all select t.cust_space_id from told t)
    )
    select array_agg(c.endpoint_id order by c.endpoint_id) into locked from concerned c;
    if locked is null then
        return 0;
    end if;
    perform pg_advisory_xact_lock_shared(lanes_lock(l.endpoint_id))
    from unnest(locked) with ordinality l (endpoint_id, place);
    -- Looked at behind the locks: an endpoint may have been disabled meanwhile.
    select array_agg(n.endpoint_id), array_agg(e.id) into endpoint_ids, event_ids
    from unnest(published) p (id)
    cross join lateral (select * from events e where e.id = p.id offset 0) e
    join endpoints n on n.endpoint_id = any (locked) and n.state = 'enabled'
                    and (n.cust_space_id = '_system' or n.cust_space_id = e.cust_space_id and e.sequence is not null)
    where n.types = '{}' or fits(n.types, e.type);
    return open_pairs(endpoint_ids, event_ids);
end $$;

-- Keeps an event of our own, about a tenant or about none, which is published with that.
create function insert_own_event(of_type text, tenant text, detail json) returns uuid
language sql volatile set search_path = public, pg_temp as $$
    insert into events (id, cust_space_id, field, waba_id, value, state, received_at, routed_at, type, occurred_at)
    select random_uuid_at(made), tenant, 'groupgate', '', detail, 'routed', made, now(), of_type, made
    from clock_timestamp() made
    returning id
$$;

-- Publishes an event of our own, about a tenant or about none, to the ISV's endpoints. It may be that the caller holds
-- lanes of endpoints, so it waits for none: the endpoints' rows are held against their removal, and what comes to one
-- that is being disabled is ended by end_stopped_deliveries.
create function publish_own_event(of_type text, tenant text, detail json) returns uuid
language plpgsql volatile set search_path = public, pg_temp as $$
declare
    event_id uuid := insert_own_event(of_type, tenant, detail);
begin
    perform open_pairs(array_agg(h.endpoint_id), array_agg(event_id))
    from (select n.endpoint_id from endpoints n
          where n.cust_space_id = '_system' and n.state = 'enabled' and fits(n.types, of_type)
          order by n.endpoint_id for key share) h;
    perform pg_notify('groupgate_deliveries', '');
    return event_id;
end $$;

-- Makes the first delivery of each lane that nobody tried ready. The caller holds the lanes alone.
create function free_lanes(endpoint_ids uuid[], lanes text[]) returns void
language sql volatile set search_path = public, pg_temp as $$
    update open_deliveries o set is_ready = true
    from unnest(endpoint_ids, lanes) l (endpoint_id, lane)
    cross join lateral (
        select n.delivery_id from open_deliveries n
        where n.endpoint_id = l.endpoint_id and n.lane = l.lane and n.attempts = 0
        order by n.position limit 1
    ) first
    where o.delivery_id = first.delivery_id and not o.is_ready
$$;

-- Ends open deliveries, each as `done` or `dead`, for this reason, and after this try; null where it had no last one. The
-- caller holds the lanes alone. Returns how many there were.
create function close_deliveries(ids uuid[], states text[], reasons text[], last_tries jsonb[]) returns bigint
language sql volatile set search_path = public, pg_temp
set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
    with closed as (
        delete from open_deliveries o using unnest(ids, states, reasons, last_tries) e (id, state, reason, last_try)
        where o.delivery_id = e.id
        returning o.*, e.state, e.reason, e.last_try
    ), kept as (
        insert into deliveries (delivery_id, endpoint_id, cust_space_id, event_id, event_type, event_tenant, sequence,
                                lane, state, reason, tries, created_at)
        select c.delivery_id, c.endpoint_id, c.cust_space_id, c.event_id, c.event_type, c.event_tenant, c.sequence,
               c.lane, c.state, c.reason, c.tries || coalesce(c.last_try, '[]'), c.created_at
        from closed c
        returning 1
    )
    select count(*) from kept
$$;

-- Ends open deliveries as dead, for this reason, without another try; as above.
create function close_as_dead(ids uuid[], reason text) returns bigint
language sql volatile set search_path = public, pg_temp as $$
    select close_deliveries(ids, array_fill('dead'::text, array[cardinality(ids)]),
                            array_fill(reason, array[cardinality(ids)]), array[]::jsonb[])
$$;

revoke execute on all functions in schema public from public;
