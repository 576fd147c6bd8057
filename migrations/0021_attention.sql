-- What administrators look at first: the last day's traffic, and what of the tenants' and the ISV's needs a person.

-- In all of the functions below, `tenants` are those to look at, and null are all; what is the ISV's own is looked at with
-- all alone.

-- The first of the last 24 hours, of which the one that runs is the last. For the functions below.
create function first_hour() returns timestamptz language sql stable set search_path = public, pg_temp as $$
    select date_trunc('hour', now(), 'UTC') - interval '23 hours'
$$;

-- The last 24 hours, each with what it had; planned for what is asked, so that it goes by an index.
create function traffic_by_hour(tenants text[])
returns table (hour timestamptz, calls bigint, refused bigint, failed bigint)
language plpgsql stable security definer set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
begin
    return query
    with counted as (
        select t.hour, sum(t.calls)::bigint as calls, sum(t.refused)::bigint as refused, sum(t.failed)::bigint as failed
        from traffic t
        where t.hour >= first_hour() and (tenants is null or t.cust_space_id = any (tenants))
        group by t.hour
    )
    select h.hour, coalesce(c.calls, 0), coalesce(c.refused, 0), coalesce(c.failed, 0)
    from generate_series(first_hour(), first_hour() + interval '23 hours', interval '1 hour') as h(hour)
    left join counted c on c.hour = h.hour
    order by h.hour;
end $$;

-- The tenants that had calls in the last 24 hours: those with most calls first, or those with most errors, and then those
-- that had any.
create function traffic_by_tenant(tenants text[], by_errors boolean, max_rows bigint)
returns table (cust_space_id text, name text, calls bigint, refused bigint, failed bigint)
language plpgsql stable security definer set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
begin
    return query
    select n.cust_space_id, n.name, s.calls, s.refused, s.failed
    from (select t.cust_space_id, sum(t.calls)::bigint as calls, sum(t.refused)::bigint as refused,
                 sum(t.failed)::bigint as failed
          from traffic t
          where t.hour >= first_hour() and (tenants is null or t.cust_space_id = any (tenants))
          group by t.cust_space_id) s
    join tenants n on n.cust_space_id = s.cust_space_id
    where not by_errors or s.refused + s.failed > 0
    -- What fails is worse than what is refused.
    order by case when by_errors then s.failed end desc nulls last, case when by_errors then s.refused else s.calls end desc,
             n.cust_space_id
    limit max_rows;
end $$;

-- How many groups Meta's last complete list had; null until there was one.
alter table mirrors add column groups integer;

create index credentials_in_trouble on credentials (cust_space_id) where state <> 'valid';
create index onboardings_open on onboardings (cust_space_id) where not is_done;

-- What needs a person, kind by kind: up to `max_rows` of each, with how many there are. Nobody has to care for a tenant that
-- is suspended. Tenants, numbers and endpoints are some thousand rows at the most.

-- Tokens that Meta refuses or will refuse soon; and tenants that have a number and no token, but for those whose onboarding
-- is under way.
create function credentials_in_trouble(tenants text[], max_rows bigint)
returns table (cust_space_id text, name text, state text, reason text, expires_at timestamptz, total bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select t.cust_space_id, t.name, f.state, f.reason, f.expires_at, count(*) over ()
    from (
        select c.cust_space_id, c.state, c.reason, c.expires_at from credentials c where c.state <> 'valid'
        union all
        select n.cust_space_id, 'missing', null, null from tenants n
        where exists (select 1 from business_numbers b where b.cust_space_id = n.cust_space_id)
          and not exists (select 1 from credentials c where c.cust_space_id = n.cust_space_id)
          and not exists (select 1 from onboardings o where o.cust_space_id = n.cust_space_id and not o.is_done)
    ) f
    join tenants t on t.cust_space_id = f.cust_space_id
    where t.status <> 'suspended' and (tenants is null or t.cust_space_id = any (tenants))
    order by array_position(array['invalid', 'missing', 'expiring'], f.state), f.expires_at, t.cust_space_id
    limit max_rows
$$;

-- Endpoints that are disabled; the ISV's own has no tenant.
create function endpoints_in_trouble(tenants text[], max_rows bigint)
returns table (endpoint_id uuid, cust_space_id text, name text, url text, description text, reason text,
               disabled_at timestamptz, total bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select n.endpoint_id, t.cust_space_id, t.name, n.url, n.description, n.disabled_reason, n.disabled_at, count(*) over ()
    from endpoints n
    left join tenants t on t.cust_space_id = n.cust_space_id
    where n.state = 'disabled' and t.status is distinct from 'suspended'
      and (tenants is null or t.cust_space_id = any (tenants))
    order by n.disabled_at desc, n.endpoint_id
    limit max_rows
$$;

-- Endpoints that events did not reach in the last day, after all tries, and were not sent to again since. Of each its newest
-- hundred dead deliveries are looked at, of those that were made in the last week.
create function deliveries_in_trouble(tenants text[], max_rows bigint)
returns table (endpoint_id uuid, cust_space_id text, name text, url text, description text, dead bigint, total bigint)
language sql stable security definer set search_path = public, pg_temp
set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
    select n.endpoint_id, t.cust_space_id, t.name, n.url, n.description, lost.dead, count(*) over ()
    from endpoints n
    left join tenants t on t.cust_space_id = n.cust_space_id
    cross join lateral (
        select count(*) as dead
        from (select d.delivery_id, d.event_id, d.event_type, d.ended_at from deliveries d
              where d.endpoint_id = n.endpoint_id and d.state = 'dead' and d.delivery_id >= uuid_at(now() - interval '7 days')
              order by d.delivery_id desc limit 100) newest
        where newest.ended_at > now() - interval '1 day' and newest.event_type <> 'endpoint.test'
          and not exists (select 1 from open_deliveries o
                          where o.event_id = newest.event_id and o.endpoint_id = n.endpoint_id)
          and not exists (select 1 from deliveries d
                          where d.event_id = newest.event_id and d.endpoint_id = n.endpoint_id
                            and d.delivery_id > newest.delivery_id)
    ) lost
    where n.state = 'enabled' and lost.dead > 0 and t.status is distinct from 'suspended'
      and (tenants is null or t.cust_space_id = any (tenants))
    order by lost.dead desc, n.endpoint_id
    limit max_rows
$$;

-- Numbers that Meta has restricted or taken away, whose quality is low, that may not have groups, or that have as many as
-- `many_groups`.
create function numbers_in_trouble(tenants text[], many_groups integer, max_rows bigint)
returns table (cust_space_id text, name text, business_number text, status text, quality_rating text,
               groups_ineligible_reason text, groups integer, total bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    with told as (
        select t.cust_space_id, t.name, n.business_number,
               case when n.status in ('BANNED', 'RESTRICTED', 'UNLINKED', 'MIGRATED', 'DELETED') then n.status end as status,
               case when n.quality_rating = 'RED' then n.quality_rating end as quality_rating,
               case when not n.groups_eligible then coalesce(n.groups_ineligible_reason, '') end as reason,
               case when m.groups >= many_groups then m.groups end as groups
        from business_numbers n
        join tenants t on t.cust_space_id = n.cust_space_id
        left join mirrors m on m.cust_space_id = n.cust_space_id and m.phone_number_id = n.phone_number_id
        where t.status <> 'suspended' and (tenants is null or t.cust_space_id = any (tenants))
    )
    select t.cust_space_id, t.name, t.business_number, t.status, t.quality_rating, t.reason, t.groups, count(*) over ()
    from told t
    where num_nonnulls(t.status, t.quality_rating, t.reason, t.groups) > 0
    order by t.status is null, t.groups desc nulls last, t.quality_rating is null, t.cust_space_id, t.business_number
    limit max_rows
$$;

-- Tenants whose numbers met Meta's limit in the last 24 hours.
create function throttled_tenants(tenants text[], max_rows bigint)
returns table (cust_space_id text, name text, throttled bigint, last_hour timestamptz, total bigint)
language plpgsql stable security definer set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
begin
    return query
    select n.cust_space_id, n.name, sum(t.throttled)::bigint, max(t.hour), count(*) over ()
    from traffic t join tenants n on n.cust_space_id = t.cust_space_id
    where t.hour >= first_hour() and t.throttled > 0 and n.status <> 'suspended'
      and (tenants is null or t.cust_space_id = any (tenants))
    group by n.cust_space_id
    order by 3 desc, n.cust_space_id
    limit max_rows;
end $$;

-- Onboardings of which a step failed and that are not done.
create function failed_onboardings(tenants text[], max_rows bigint)
returns table (cust_space_id text, name text, steps json, updated_at timestamptz, total bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select t.cust_space_id, t.name, o.steps, o.updated_at, count(*) over ()
    from onboardings o
    join tenants t on t.cust_space_id = o.cust_space_id
    where not o.is_done and t.status <> 'suspended'
      and exists (select 1 from json_array_elements(o.steps) s where s ->> 'state' = 'failed')
      and (tenants is null or t.cust_space_id = any (tenants))
    order by o.updated_at desc, t.cust_space_id
    limit max_rows
$$;

-- Events of numbers that no tenant has, counted up to `max_rows`; of how many numbers, and when the first was heard of.
create function unknown_number_backlog(max_rows bigint, out events bigint, out numbers bigint, out first_seen timestamptz)
language sql stable security definer set search_path = public, pg_temp set jit = off as $$
    select (select count(*) from (select 1 from events e where e.cust_space_id is null and e.field <> 'groupgate'
                                  limit max_rows) as counted),
           count(*), min(u.first_seen)
    from unknown_numbers u
    where owner_of_unknown(u.waba_id, u.phone_number_id) is null
$$;

insert into gateway_privileges values
    ('execute on function traffic_by_hour, traffic_by_tenant'),
    ('execute on function credentials_in_trouble, endpoints_in_trouble, deliveries_in_trouble, numbers_in_trouble,
         throttled_tenants, failed_onboardings, unknown_number_backlog');

revoke execute on all functions in schema public from public;
