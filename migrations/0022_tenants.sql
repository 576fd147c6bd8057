-- How administrators find tenants.

-- What a search looks through: the name, and each label as `name=value`, a line each. The program folds it, as what
-- PostgreSQL folds hangs on its locale. Where it is null, what PostgreSQL folds is looked through.
alter table tenants add column searched text;

-- A program that does not know of the column renames tenants, too.
create function forget_searched() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    new.searched := null;
    return new;
end $$;
create trigger forget_searched before update of name, labels on tenants for each row
when (new.searched is not distinct from old.searched
      and (new.name is distinct from old.name or new.labels::text is distinct from old.labels::text))
execute function forget_searched();

-- The administrator's list. What is null is not asked for: each call is planned for what it asks. A search reads the rows up
-- to the end of its page, which of 100,000 tenants takes less than a call of Meta's, so no index of parts of words is kept.
create function find_tenants(
    after_id text, max_rows bigint, only_ids text[], words text, digits text, of_status text, of_credential text
) returns table (
    cust_space_id text, name text, status text, suspended_reason text, notes text, labels json, created_at timestamptz,
    revision bigint, credential_state text, credential_expires_at timestamptz, business_number_count bigint
) language plpgsql stable security definer
set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
begin
    return query
    select t.cust_space_id, t.name, t.status, t.suspended_reason, t.notes, t.labels, t.created_at, t.revision,
           coalesce(c.state, 'missing'), c.expires_at,
           (select count(*) from business_numbers n where n.cust_space_id = t.cust_space_id)
    from tenants t
    left join credentials c on c.cust_space_id = t.cust_space_id
    where t.cust_space_id > after_id
      and (only_ids is null or t.cust_space_id = any (only_ids))
      and (words is null or strpos(t.cust_space_id, words) > 0
           or strpos(coalesce(t.searched, lower(concat_ws(e'\n', t.name, (
               select string_agg(l.key || '=' || l.value, e'\n') from json_each_text(t.labels) l)))), words) > 0
           or digits is not null and t.cust_space_id in (
               select n.cust_space_id from business_numbers n
               where strpos(n.business_number, digits) > 0 or strpos(n.phone_number_id, digits) > 0))
      and (of_status is null or t.status = of_status)
      and (of_credential is null or of_credential = 'missing' and c.cust_space_id is null or c.state = of_credential)
    order by t.cust_space_id limit max_rows;
end $$;

insert into gateway_privileges values
    ('update (searched) on tenants'),
    ('execute on function find_tenants');

revoke execute on all functions in schema public from public;
