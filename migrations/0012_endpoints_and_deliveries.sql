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
    -- Who tries it now, and until when that is believed.
    claim         uuid,
    claim_owner   bigint,
    lease_until   timestamptz,
    tries         jsonb not null default '[]',
    created_at    timestamptz not null default now(),
    check (num_nulls(claim, claim_owner, lease_until) in (0, 3))
) with (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 10000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000
);
create index open_deliveries_due on open_deliveries (endpoint_id, due_at, position) where is_ready and claim is null;
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

-- A random UUID of version 7 of this instant.
create function random_uuid_at(at timestamptz) returns uuid
language sql volatile strict set search_path = public, pg_temp as $$
    -- A random one has version 4, 0100; two bits more make it 0111.
    select encode(set_bit(set_bit(
        overlay(uuid_send(gen_random_uuid())
                placing substring(int8send(floor(extract(epoch from at) * 1000)::bigint) from 3) from 1 for 6),
        52, 1), 53, 1), 'hex')::uuid
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
    tenants      text[];
    endpoint_ids uuid[];
    event_ids    uuid[];
begin
    select array_agg(distinct e.cust_space_id) into tenants
    from unnest(published) p (id)
    cross join lateral (select e.cust_space_id from events e where e.id = p.id offset 0) e;
    perform pg_advisory_xact_lock_shared(lanes_lock(l.endpoint_id))
    from (select n.endpoint_id from endpoints n
          where n.state = 'enabled' and n.cust_space_id = any (array_append(tenants, '_system'))
          order by n.endpoint_id) l;
    if not found then
        return 0;
    end if;
    -- Looked at behind the locks: an endpoint may have been disabled meanwhile. Events of our own have no sequence, and
    -- are for the ISV.
    select array_agg(n.endpoint_id), array_agg(e.id) into endpoint_ids, event_ids
    from unnest(published) p (id)
    cross join lateral (select * from events e where e.id = p.id offset 0) e
    join endpoints n on n.state = 'enabled'
                    and (n.cust_space_id = '_system' or n.cust_space_id = e.cust_space_id and e.sequence is not null)
    where n.types = '{}' or fits(n.types, e.type);
    return open_pairs(endpoint_ids, event_ids);
end $$;

-- Publishes an event of our own, about a tenant or about none, to the ISV's endpoints.
create function publish_own_event(of_type text, tenant text, detail json) returns uuid
language plpgsql volatile set search_path = public, pg_temp as $$
declare
    event_id uuid := random_uuid_at(clock_timestamp());
begin
    insert into events (id, cust_space_id, field, waba_id, value, state, routed_at, type, occurred_at)
    values (event_id, tenant, 'groupgate', '', detail, 'routed', now(), of_type, now());
    perform open_pairs(array_agg(n.endpoint_id), array_agg(event_id))
    from endpoints n
    where n.cust_space_id = '_system' and n.state = 'enabled' and fits(n.types, of_type);
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
