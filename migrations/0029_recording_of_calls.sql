-- Calls are recorded with half of the work: they come counted, and as a rule none was told before, so that each row need not
-- be looked at for it.

set local lock_timeout = '1s';

-- Records calls of any tenants, and counts them by the day and by the hour in the same statement, so that all three see the
-- same tenants. Those of tenants that there are not are left out, of both. Of what is counted each row is how many calls one
-- tenant had in an hour, of an operation, that ended with a code and a status. Rows are counted in the order of their keys,
-- days by the statement itself and hours by a part of it, so that every replica takes the rows of both in one order and no two
-- wait for each other in a circle.
create function record_counted_calls(
    request_ids uuid[], cust_space_ids text[], access_key_ids text[], operations text[], codes text[], statuses smallint[],
    upstream_codes bigint[], fbtrace_ids text[], milliseconds integer[],
    counted_tenants text[], counted_hours timestamptz[], counted_operations text[], counted_codes text[],
    counted_statuses smallint[], counted_calls bigint[]
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
                select c.*
                from unnest(counted_tenants, counted_hours, counted_operations, counted_codes, counted_statuses, counted_calls)
                     as c(cust_space_id, hour, operation, code, status, calls)
                join tenants t on t.cust_space_id = c.cust_space_id
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
            select c.cust_space_id, (c.hour at time zone 'UTC')::date, c.operation, c.code, sum(c.calls)
            from counted c
            group by 1, 2, 3, 4 order by 1, 2, 3, 4
            on conflict (cust_space_id, day, operation, code) do update set calls = u.calls + excluded.calls;
            return;
        exception
            when unique_violation then
                -- A replica tells again that has not heard whether it was heard. Which of them count is told row by row.
                perform record_calls(
                    request_ids,
                    array(select (time_of(id) at time zone 'UTC')::date
                          from unnest(request_ids) with ordinality as c(id, nth) order by nth),
                    cust_space_ids, access_key_ids, operations, codes, statuses, upstream_codes, fbtrace_ids, milliseconds
                );
                return;
            when foreign_key_violation then
                -- A tenant was erased meanwhile, which takes nobody else's calls with it: the next look does not see it.
                if look = 20 then
                    raise;
                end if;
        end;
    end loop;
end $$;

insert into gateway_privileges values ('execute on function record_counted_calls');

revoke execute on all functions in schema public from public;
