-- Calls are recorded with two thirds of the work: as a rule none was told before, so that each row need not be looked at for
-- it, nor told again to be counted.

set local lock_timeout = '1s';

-- Records calls of any tenants and counts them, as 0017_calls_and_usage.sql has it, where some of them may stand there
-- already: those are left out.
create function record_calls_told_before(
    request_ids uuid[], days date[], cust_space_ids text[], access_key_ids text[], operations text[], codes text[],
    statuses smallint[], upstream_codes bigint[], fbtrace_ids text[], milliseconds integer[]
) returns void language plpgsql set search_path = public, pg_temp as $$
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

-- Records calls of any tenants and counts them by the day and by the hour, in one statement, so that both see the same
-- tenants. Those of tenants that there are not are left out, and those that stand there already, which a replica tells again
-- that has not heard whether it was heard. Rows are counted in the order of their keys, days by the statement itself and
-- hours by a part of it, so that every replica takes the rows of both in one order and no two wait for each other in a
-- circle.
create or replace function record_calls(
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
            ), counted as materialized (
                select c.cust_space_id, c.day, date_trunc('hour', time_of(c.request_id), 'UTC') as hour, c.operation,
                       c.code, c.status, count(*) as calls
                from unnest(request_ids, days, cust_space_ids, operations, codes, statuses)
                     as c(request_id, day, cust_space_id, operation, code, status)
                join tenants t on t.cust_space_id = c.cust_space_id
                group by 1, 2, 3, 4, 5, 6
            ), by_hour as (
                insert into traffic as t (cust_space_id, hour, calls, refused, failed, throttled)
                select c.cust_space_id, c.hour, sum(c.calls),
                       coalesce(sum(c.calls) filter (where c.status between 400 and 498 and c.status <> 424), 0),
                       coalesce(sum(c.calls) filter (where c.status >= 500 or c.status = 424), 0),
                       coalesce(sum(c.calls) filter (where c.code = 'Throttling.Upstream'), 0)
                from counted c
                group by 1, 2 order by 1, 2
                on conflict (cust_space_id, hour) do update
                set calls = t.calls + excluded.calls, refused = t.refused + excluded.refused,
                    failed = t.failed + excluded.failed, throttled = t.throttled + excluded.throttled
            )
            insert into usage as u (cust_space_id, day, operation, code, calls)
            select c.cust_space_id, c.day, c.operation, c.code, sum(c.calls)
            from counted c
            group by 1, 2, 3, 4 order by 1, 2, 3, 4
            on conflict (cust_space_id, day, operation, code) do update set calls = u.calls + excluded.calls;
            return;
        exception
            when unique_violation then
                perform record_calls_told_before(request_ids, days, cust_space_ids, access_key_ids, operations, codes,
                                                 statuses, upstream_codes, fbtrace_ids, milliseconds);
                return;
            when foreign_key_violation then
                -- A tenant was erased meanwhile, which takes nobody else's calls with it: the next look does not see it.
                if look = 20 then
                    raise;
                end if;
        end;
    end loop;
end $$;

revoke execute on all functions in schema public from public;
