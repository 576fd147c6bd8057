-- A tenant's own limits by class of calls, each with how many calls may be in flight; null is the gateway's default.

alter table tenants
    drop constraint tenants_per_tenant_check,
    drop constraint tenants_per_number_check,
    add column per_tenant_read    text,
    add column per_tenant_write   text,
    add column per_tenant_message text,
    add column per_number_read    text,
    add column per_number_write   text,
    add column per_number_message text;

do $$
declare
    name text;
begin
    foreach name in array array[
        'per_tenant', 'per_tenant_read', 'per_tenant_write', 'per_tenant_message',
        'per_number', 'per_number_read', 'per_number_write', 'per_number_message'
    ] loop
        execute format('alter table tenants add constraint %I check (%I ~ %L)', 'tenants_' || name || '_check', name,
            '^(off|[1-9][0-9]{0,6}/[smh](;burst=[1-9][0-9]{0,6})?)(;in-flight=[1-9][0-9]{0,6})?$');
    end loop;
end $$;

drop trigger revise on tenants;
create trigger revise before update of name, status, suspended_reason, notes, labels, in_flight,
        per_tenant, per_tenant_read, per_tenant_write, per_tenant_message,
        per_number, per_number_read, per_number_write, per_number_message
    on tenants for each row execute function next_revision();

drop function open_tenant;
create function open_tenant(id text) returns table (
    status text, numbers json, in_flight integer,
    per_tenant text, per_tenant_read text, per_tenant_write text, per_tenant_message text,
    per_number text, per_number_read text, per_number_write text, per_number_message text,
    sealed_token bytea, key_version integer, master_key_id text, wrapped_key bytea, credential_state text
) language sql stable security definer set search_path = public, pg_temp as $$
    select t.status,
           coalesce((select json_agg(n order by n.business_number) from business_numbers n
                     where n.cust_space_id = t.cust_space_id), '[]'),
           t.in_flight,
           t.per_tenant, t.per_tenant_read, t.per_tenant_write, t.per_tenant_message,
           t.per_number, t.per_number_read, t.per_number_write, t.per_number_message,
           c.sealed_token, c.key_version, k.master_key_id, k.wrapped_key, c.state
    from tenants t
    left join credentials c using (cust_space_id)
    left join data_keys k on k.cust_space_id = c.cust_space_id and k.version = c.key_version
    where t.cust_space_id = id
$$;

insert into gateway_privileges values
    ('update (per_tenant_read, per_tenant_write, per_tenant_message,
         per_number_read, per_number_write, per_number_message) on tenants');

revoke execute on all functions in schema public from public;
