-- The last calls of each tenant, and how many there were on each day and in each hour.

-- When an ID of version 7 was made, as uuid_at has it.
create function time_of(id uuid) returns timestamptz
language sql immutable strict parallel safe set search_path = public, pg_temp as $$
    select to_timestamp(('x0000' || left(replace(id::text, '-', ''), 12))::bit(64)::bigint / 1000.0)
$$;

-- request_id is a UUID of version 7, so that it says when the call came.
create table calls (
    request_id    uuid not null,
    cust_space_id text not null,
    access_key_id text,
    operation     text not null,
    code          text not null,
    status        smallint not null,
    -- Meta's, where Meta refused.
    upstream_code bigint,
    fbtrace_id    text,
    milliseconds  integer not null,
    primary key (request_id)
) partition by range (request_id);
create index calls_of_tenant on calls (cust_space_id, request_id);
create index calls_by_trace on calls (fbtrace_id) where fbtrace_id is not null;
alter table calls enable row level security;
create policy own_rows on calls using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));
create table calls_default partition of calls default;
alter table calls_default enable row level security;

-- Days are in UTC.
create table usage (
    cust_space_id text not null references tenants on delete cascade,
    day           date not null,
    operation     text not null,
    code          text not null,
    calls         bigint not null,
    primary key (cust_space_id, day, operation, code)
) with (fillfactor = 50);
alter table usage enable row level security;
create policy own_rows on usage using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));

-- Counted as calls are recorded, since `calls` has too many rows to be counted when somebody looks. Hours are in UTC.
create table traffic (
    cust_space_id text not null references tenants on delete cascade,
    hour          timestamptz not null,
    calls         bigint not null,
    -- What the caller did wrong, or too often: 4xx but for the next. Who hangs up (499) is no error of anybody's.
    refused       bigint not null,
    -- What no caller can mend: the gateway's and Meta's errors (5xx), and the tenant's token (424).
    failed        bigint not null,
    -- Those of the refused that met Meta's limit of a number.
    throttled     bigint not null,
    primary key (cust_space_id, hour)
) with (fillfactor = 50);
create index traffic_of_hour on traffic (hour);
alter table traffic enable row level security;
create policy own_rows on traffic using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));

-- Messages of the business that reached somebody in a group: one for each participant whom a message reached.
create table group_messages (
    cust_space_id text not null references tenants on delete cascade,
    day           date not null,
    delivered     bigint not null,
    primary key (cust_space_id, day)
) with (fillfactor = 50);
alter table group_messages enable row level security;
create policy own_rows on group_messages
    using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));

-- Drops the oldest day of calls, if it is over for as long as `retention`, as drop_old_partition does, and the traffic of
-- hours a day older than that.
create function drop_old_calls(retention interval, out dropped boolean, out is_put_off boolean) language plpgsql
security definer set search_path = public, pg_temp set lock_timeout = '100ms' as $$
declare
    oldest_kept timestamptz := now() - greatest(retention, interval '1 day');
begin
    dropped := false; is_put_off := false;
    if not pg_try_advisory_xact_lock(hashtextextended('groupgate partitions', 0)) then
        return;
    end if;
    delete from calls_default where request_id < uuid_at(oldest_kept);
    delete from traffic where hour < oldest_kept - interval '1 day';
    dropped := drop_oldest_day(oldest_kept, 'calls');
exception when lock_not_available then
    dropped := false; is_put_off := true;
end $$;

-- Records calls of any tenants and counts them by the day and by the hour, in one transaction. Those of tenants that
-- there are not are left out, and those that stand there already, which a replica tells again that has not heard whether
-- it was heard. Rows are counted in the order of their keys, days by the statement itself and hours by a part of it, so
-- that every replica takes the rows of both in one order and no two wait for each other in a circle.
create function record_calls(
    request_ids uuid[], days date[], cust_space_ids text[], access_key_ids text[], operations text[], codes text[],
    statuses smallint[], upstream_codes bigint[], fbtrace_ids text[], milliseconds integer[]
) returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
    for look in 1..20 loop
        begin
            with recorded as (
                insert into calls (request_id, cust_space_id, access_key_id, operation, code, status, upstream_code,
                                   fbtrace_id, milliseconds)
                select c.*
                from unnest(request_ids, cust_space_ids, access_key_ids, operations, codes, statuses, upstream_codes,
                            fbtrace_ids, milliseconds)
                     as c(request_id, cust_space_id, access_key_id, operation, code, status, upstream_code, fbtrace_id, ms)
                join tenants t on t.cust_space_id = c.cust_space_id
                order by c.request_id
                on conflict do nothing
                returning request_id, cust_space_id, operation, code, status
            ), by_hour as (
                insert into traffic as t (cust_space_id, hour, calls, refused, failed, throttled)
                select r.cust_space_id, date_trunc('hour', time_of(r.request_id), 'UTC'), count(*),
                       count(*) filter (where r.status between 400 and 498 and r.status <> 424),
                       count(*) filter (where r.status >= 500 or r.status = 424),
                       count(*) filter (where r.code = 'Throttling.Upstream')
                from recorded r
                group by 1, 2 order by 1, 2
                on conflict (cust_space_id, hour) do update
                set calls = t.calls + excluded.calls, refused = t.refused + excluded.refused,
                    failed = t.failed + excluded.failed, throttled = t.throttled + excluded.throttled
            )
            insert into usage as u (cust_space_id, day, operation, code, calls)
            select r.cust_space_id, d.day, r.operation, r.code, count(*)
            from recorded r join unnest(request_ids, days) as d(request_id, day) on d.request_id = r.request_id
            group by 1, 2, 3, 4 order by 1, 2, 3, 4
            on conflict (cust_space_id, day, operation, code) do update set calls = u.calls + excluded.calls;
            return;
        exception when foreign_key_violation then
            -- A tenant was erased meanwhile, which takes nobody else's calls with it: the next look does not see it.
            if look = 20 then
                raise;
            end if;
        end;
    end loop;
end $$;

select make_partitions();

insert into gateway_privileges values
    ('select, delete on calls'),
    ('select on usage, traffic'),
    ('select, insert, update (delivered) on group_messages'),
    ('execute on function drop_old_calls, record_calls');

revoke execute on all functions in schema public from public;
