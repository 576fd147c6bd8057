-- Whose numbers a group is, so that one statement tells all that the first call of a tenant asks for.

set local lock_timeout = '1s';

-- The phone number IDs of the tenant `id` for which the mirror has this group.
create function numbers_of_group(id text, its_group text) returns text[]
language sql stable security definer set search_path = public, pg_temp as $$
    select array(select g.phone_number_id from groups g where g.cust_space_id = id and g.group_id = its_group)
$$;

insert into gateway_privileges values ('execute on function numbers_of_group');

revoke execute on all functions in schema public from public;
