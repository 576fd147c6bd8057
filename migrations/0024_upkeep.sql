-- What is open, what is about to end and what is prepared, over all tenants: for the metrics.

-- Whoever waits for a table has everybody else wait behind it. So no migration waits for long: `groupgate migrate` lets the
-- others through and tries again. And each takes one table, so that it never holds what one waits for who holds another.
set local lock_timeout = '1s';

create index credentials_ends on credentials (expires_at) where expires_at is not null;

-- Changes whose outcome is not known yet, counted up to 100,000, and when the oldest of them was made; tokens that Meta
-- refuses, and that end within `soon`, of tenants that are not suspended; and for how many days from tomorrow on there are
-- partitions of events, one after the other, counted up to 14: make_partitions makes 7.
create function upkeep(soon interval, out changes_open bigint, out oldest_change_at timestamptz,
                       out credentials_refused bigint, out credentials_expiring bigint, out partitions_ahead integer)
language sql stable security definer set search_path = public, pg_temp set jit = off as $$
    select (select count(*) from (select 1 from changes c where c.status in ('SENDING', 'PENDING')
                                  limit 100000) as counted),
           (select min(c.created_at) from changes c where c.status in ('SENDING', 'PENDING')),
           (select count(*) from credentials c join tenants t using (cust_space_id)
            where c.state = 'invalid' and t.status <> 'suspended'),
           (select count(*) from credentials c join tenants t using (cust_space_id)
            where c.expires_at < now() + soon and c.state <> 'invalid' and t.status <> 'suspended'),
           coalesce((select min(d) - 1 from generate_series(1, 14) as d
                     where to_regclass('events_' || to_char((now() at time zone 'UTC') + d * interval '1 day', 'YYYYMMDD'))
                           is null), 14)
$$;

insert into gateway_privileges values ('execute on function upkeep');

revoke execute on all functions in schema public from public;
