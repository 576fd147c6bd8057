-- What is kept of a change besides: the trace of its call, and the settings that it asked for. An event ends no change that
-- asked for others than it tells of.

-- As in 0024_upkeep.sql, which says why.
set local lock_timeout = '1s';

alter table changes
    -- The `traceparent` of the call that asked for it; null where that was not traced.
    add column trace text,
    -- As events have theirs; null where it asked for no settings.
    add column settings jsonb;

-- The traces of those of these events that have any: of the webhook, and of the call that asked for the change which the
-- event ended.
create function traces_of_events(ids uuid[]) returns table (event_id uuid, of_webhook text, of_call text)
language sql stable security definer set search_path = public, pg_temp set jit = off as $$
    select e.id, e.trace, c.trace
    from unnest(ids) as asked (id)
    cross join lateral (select * from events e where e.id = asked.id offset 0) e
    left join changes c on c.unique_code = e.unique_code and c.cust_space_id = e.cust_space_id
    where num_nonnulls(e.trace, c.trace) > 0
$$;

-- Whether an event that tells of these settings may be that of a change that asked for those: the same ones, with the same
-- texts as far as the event has them. Null is a change of something else, or an event that names no setting.
create function is_asked_for(asked jsonb, told jsonb) returns boolean
language sql immutable parallel safe set search_path = public, pg_temp as $$
    select asked is null or told is null
           or asked @> told
              and (select count(*) from jsonb_object_keys(asked)) = (select count(*) from jsonb_object_keys(told))
$$;

create or replace function abandoned_changes(max_rows bigint) returns table (cust_space_id text, unique_code uuid)
language sql stable security definer set search_path = public, pg_temp set jit = off as $$
    select c.cust_space_id, c.unique_code
    from changes c
    where c.status in ('SENDING', 'UNKNOWN') and c.request_id is null and c.answer_due < now()
      and exists (
        select 1 from events e
        where e.id >= uuid_at(c.created_at)
          and e.cust_space_id = c.cust_space_id and e.outcome is not null and e.unique_code is null
          and e.change_kind = c.operation and e.received_at >= c.created_at
          and (e.change_group_id = c.group_id
               or c.group_id is null and e.change_subject = c.subject and e.phone_number_id = c.phone_number_id)
          and is_asked_for(c.settings, e.change_settings)
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

insert into gateway_privileges values ('execute on function traces_of_events, is_asked_for');

revoke execute on all functions in schema public from public;
