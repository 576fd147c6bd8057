-- Events by the day, each tenant's in a sequence of its own, and what is still to be routed apart from them.
--
-- A statement over all days looks expensive to the planner, however little of it is run: functions that have one say
-- `jit = off`, since to compile it takes longer than to run it.

-- The lowest UUID of version 7 of this millisecond: IDs say by themselves when they were made.
create function uuid_at(at timestamptz) returns uuid
language sql immutable strict parallel safe set search_path = public, pg_temp as $$
    select (lpad(to_hex(trunc(extract(epoch from at) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;

-- A random UUID of version 7 of this instant; of several of one instant, in the order of their places, of which there are
-- 4,096.
create function random_uuid_at(at timestamptz, place bigint default null) returns uuid
language sql volatile set search_path = public, pg_temp as $$
    -- A random one has version 4, 0100; two bits more make it 0111.
    with made as (
        select set_bit(set_bit(
            overlay(uuid_send(gen_random_uuid())
                    placing substring(int8send(floor(extract(epoch from at) * 1000)::bigint) from 3) from 1 for 6),
            52, 1), 53, 1) as bytes
    )
    select encode(case when place is null then m.bytes
                  else overlay(m.bytes placing substring(int4send(x'7000'::int + least(place, 4095)::int) from 3)
                               from 7 for 2) end, 'hex')::uuid
    from made m
$$;

-- How far each tenant's sequence has come. Whoever routes events of a tenant holds this row, so that its sequence becomes
-- visible in order and without gaps.
create table event_counters (
    cust_space_id text primary key references tenants on delete cascade,
    last_sequence bigint not null default 0
) with (fillfactor = 50);
insert into event_counters (cust_space_id) select cust_space_id from tenants;

create function begin_sequence() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    insert into event_counters (cust_space_id) values (new.cust_space_id);
    return null;
end $$;
create trigger begin_sequence after insert on tenants for each row execute function begin_sequence();

-- Foreign keys of a row for each event would lock the tenant's row for each event, and the tables that they refer to when
-- a day goes. What an erased tenant had is deleted by erase_events.
alter table events rename to events_before;
alter table events_before rename constraint events_pkey to events_before_pkey;
alter table events_before rename constraint events_state_check to events_before_state_check;
drop index events_unmatched_request, events_unmatched_group, events_unmatched_create, events_settled, events_unknown,
           events_unrouted;

create sequence events_position;

-- value and outcome are json, not jsonb: what Meta sent may hold \u0000, which jsonb refuses.
create table events (
    -- Made when it is received, by PostgreSQL's clock as received_at is.
    id                uuid not null,
    -- The order of arrival.
    position          bigint not null default nextval('events_position'),
    -- Null for a number that no tenant has: such rows are visible to no tenant. So are the gateway's own that are about
    -- none.
    cust_space_id     text,
    -- `groupgate`: an event of the gateway's own.
    field             text not null,
    waba_id           text not null,
    phone_number_id   text,
    value             json not null,
    -- When it happened, as far as the webhook around it says.
    entry_time        timestamptz,
    received_at       timestamptz not null default now(),
    -- held: applied, and its UniqueCode is waited for. failed: it could not be applied, and is published all the same.
    state             text not null default 'received' check (state in ('received', 'held', 'routed', 'failed')),
    -- From here on known when it is published.
    sequence          bigint,
    type              text,
    business_number   text,
    group_id          text,
    occurred_at       timestamptz,
    routed_at         timestamptz,
    -- The outcome of a change that the event tells, and what may find that change.
    change_kind       text,
    change_request_id text,
    change_group_id   text,
    change_subject    text,
    outcome           json,
    -- The change that it settled.
    unique_code       uuid,
    primary key (id)
) partition by range (id);
alter sequence events_position owned by events.position;

create index events_feed on events (cust_space_id, sequence) where sequence is not null;
create index events_unmatched_request on events (cust_space_id, change_request_id)
    where outcome is not null and unique_code is null;
create index events_unmatched_group on events (cust_space_id, change_kind, change_group_id, position)
    where outcome is not null and unique_code is null;
create index events_unmatched_create on events (cust_space_id, change_kind, phone_number_id, change_subject, position)
    where outcome is not null and unique_code is null;
create index events_unknown on events (coalesce(phone_number_id, ''), waba_id)
    where cust_space_id is null and field <> 'groupgate';
create index events_own on events (cust_space_id) where field = 'groupgate';

alter table events enable row level security;
create policy own_rows on events using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));

-- What belongs to no day that there is lies here, so that no missing partition costs an event.
create table events_default partition of events default;
alter table events_default enable row level security;

-- Events of known tenants that are to be routed, and from when on. Small, and so quick to search and to vacuum.
create table unrouted_events (
    cust_space_id text not null,
    position      bigint not null,
    event_id      uuid not null,
    attempts      smallint not null default 0,
    route_after   timestamptz not null default now(),
    primary key (cust_space_id, position)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 20000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);
alter table unrouted_events enable row level security;
create policy own_rows on unrouted_events
    using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));

-- When a group of a number was last heard of.
create table number_events (
    cust_space_id       text not null,
    phone_number_id     text not null,
    last_group_event_at timestamptz not null,
    primary key (cust_space_id, phone_number_id),
    foreign key (cust_space_id, phone_number_id) references business_numbers (cust_space_id, phone_number_id)
        on delete cascade
) with (fillfactor = 50);
alter table number_events enable row level security;
create policy own_rows on number_events
    using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));
alter table event_counters enable row level security;
create policy own_rows on event_counters
    using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));

-- Numbers that send events and that no tenant has; '' where the events name no number.
create table unknown_numbers (
    waba_id         text not null,
    phone_number_id text not null,
    first_seen      timestamptz not null default now(),
    last_seen       timestamptz not null default now(),
    announced_at    timestamptz,
    primary key (waba_id, phone_number_id)
);
-- No policy: only the definer functions reach it.
alter table unknown_numbers enable row level security;

-- Makes the partition of a day (in UTC), if there is none. It is made beside its parent and attached, since to make it
-- as a partition would lock the parent against everybody. What lies in the default partition and belongs to it moves.
create function make_partition(parent text, day timestamptz) returns boolean language plpgsql
set search_path = public, pg_temp as $$
declare
    named text := format('%s_%s', parent, to_char(day at time zone 'UTC', 'YYYYMMDD'));
    key text := (select a.attname from pg_partitioned_table p join pg_attribute a
                 on a.attrelid = p.partrelid and a.attnum = p.partattrs[0] where p.partrelid = parent::regclass);
    first_id uuid := uuid_at(day);
    end_id uuid := uuid_at(day + interval '1 day');
begin
    if to_regclass(named) is not null then
        return false;
    end if;
    execute format('create table %I (like %I including all)', named, parent);
    -- Rows are updated once, when they are published.
    execute format('alter table %I set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)',
                   named);
    execute format('alter table %I enable row level security', named);
    execute format('with strays as (delete from %1$I where %2$I >= %3$L and %2$I < %4$L returning *)
                    insert into %5$I select * from strays', parent || '_default', key, first_id, end_id, named);
    execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, named, first_id, end_id);
    return true;
end $$;

-- Makes today's partitions and those of the next seven days, of all tables that are kept by the day. Returns how many.
create function make_partitions() returns bigint language plpgsql set search_path = public, pg_temp as $$
declare
    today timestamptz := date_trunc('day', now(), 'UTC');
    parent text;
    made bigint := 0;
begin
    for parent in
        select c.relname from pg_partitioned_table p join pg_class c on c.oid = p.partrelid
        where c.relnamespace = 'public'::regnamespace order by 1
    loop
        for days in 0..7 loop
            made := made + make_partition(parent, today + days * interval '1 day')::int;
        end loop;
    end loop;
    return made;
end $$;

-- Makes the partitions that are missing. A lock that is not to be had at once is left for the next time, so that no webhook
-- waits behind it; so it is below.
create function make_missing_partitions(out made bigint, out is_put_off boolean) language plpgsql
security definer set search_path = public, pg_temp set lock_timeout = '100ms' as $$
begin
    made := 0; is_put_off := false;
    if pg_try_advisory_xact_lock(hashtextextended('groupgate partitions', 0)) then
        made := make_partitions();
    end if;
exception when lock_not_available then
    made := 0; is_put_off := true;
end $$;

-- Drops the oldest partition of these tables, if its day is over at `oldest_kept`; one in a call, since the lock that
-- each needs on its parent lasts until the commit.
create function drop_oldest_day(oldest_kept timestamptz, variadic parents regclass[]) returns boolean language plpgsql
set search_path = public, pg_temp as $$
declare
    old name := (
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = any (parents) and c.relname ~ '_[0-9]{8}$'
          and (to_date(right(c.relname, 8), 'YYYYMMDD') + 1)::timestamp at time zone 'UTC' <= oldest_kept
        order by right(c.relname, 8) limit 1);
begin
    if old is null then
        return false;
    end if;
    execute format('drop table %I', old);
    return true;
end $$;

-- Drops the oldest partition, if its day is over for as long as `retention`, which is at least a day. What is as old
-- elsewhere goes, too.
create function drop_old_partition(retention interval, out dropped boolean, out is_put_off boolean) language plpgsql
security definer set search_path = public, pg_temp set lock_timeout = '100ms' as $$
declare
    oldest_kept timestamptz := now() - greatest(retention, interval '1 day');
begin
    dropped := false; is_put_off := false;
    if not pg_try_advisory_xact_lock(hashtextextended('groupgate partitions', 0)) then
        return;
    end if;
    perform bury_deliveries(uuid_at(oldest_kept));
    delete from unrouted_events where event_id < uuid_at(oldest_kept);
    delete from unknown_numbers where last_seen < oldest_kept;
    delete from events_default where id < uuid_at(oldest_kept);
    delete from deliveries_default where delivery_id < uuid_at(oldest_kept);
    dropped := drop_oldest_day(oldest_kept, 'events', 'deliveries');
exception when lock_not_available then
    dropped := false; is_put_off := true;
end $$;

-- Events from before: their days, and their rows, under IDs of PostgreSQL's clock. Those that are routed are still to be
-- published, which gives them their sequence; they are not applied again.
select make_partition('events', day)
from (select distinct date_trunc('day', received_at, 'UTC') as day from events_before) as days;
select make_partitions();
update events_before set id = random_uuid_at(received_at);
insert into events (id, position, cust_space_id, field, waba_id, phone_number_id, value, received_at, state,
                    change_kind, change_request_id, change_group_id, change_subject, outcome, unique_code)
select id, position, cust_space_id, field, waba_id, phone_number_id, value, received_at,
       case state when 'received' then 'received' else 'held' end,
       change_kind, change_request_id, change_group_id, change_subject, outcome, unique_code
from events_before;
insert into unrouted_events (cust_space_id, position, event_id, attempts, route_after)
select cust_space_id, position, id, case state when 'received' then attempts else 0 end, route_after
from events_before where cust_space_id is not null;
select setval('events_position', coalesce(max(position), 0) + 1, false) from events_before;
insert into unknown_numbers (waba_id, phone_number_id, first_seen, last_seen)
select waba_id, coalesce(phone_number_id, ''), min(received_at), max(received_at)
from events_before where cust_space_id is null group by 1, 2;
drop table events_before;

revoke execute on all functions in schema public from public;
