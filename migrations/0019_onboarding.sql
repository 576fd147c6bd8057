-- What Meta says of the tenants' tokens, and the way of a tenant from a token to its first call.

alter table credentials
    -- Meta's word, as of `checked_at`; a token that nobody asked about yet is taken for good.
    add column state        text not null default 'valid' check (state in ('valid', 'expiring', 'invalid')),
    add column reason       text,
    add column app_id       text,
    add column scopes       text[] not null default '{}',
    add column expires_at   timestamptz,
    add column checked_at   timestamptz,
    add column check_due_at timestamptz not null default now();
-- Those that stand are asked about within the day, not all at once.
update credentials set check_due_at = now() + random() * interval '1 day';
create index credentials_due on credentials (check_due_at);

-- A check that finds what was known is nothing to load the tenant anew for.
drop trigger notify on credentials;
create trigger notify after insert or delete on credentials for each row execute function notify_tenant();
create trigger notify_change after update on credentials for each row
    when ((old.sealed_token, old.key_version, old.state) is distinct from (new.sealed_token, new.key_version, new.state))
    execute function notify_tenant();

-- The resolver refuses a token that Meta refused, without asking Meta.
drop function open_tenant;
create function open_tenant(id text) returns table (
    status text, numbers json, per_tenant text, per_number text, in_flight integer,
    sealed_token bytea, key_version integer, master_key_id text, wrapped_key bytea, credential_state text
) language sql stable security definer set search_path = public, pg_temp as $$
    select t.status,
           coalesce((select json_agg(n order by n.business_number) from business_numbers n
                     where n.cust_space_id = t.cust_space_id), '[]'),
           t.per_tenant, t.per_number, t.in_flight,
           c.sealed_token, c.key_version, k.master_key_id, k.wrapped_key, c.state
    from tenants t
    left join credentials c using (cust_space_id)
    left join data_keys k on k.cust_space_id = c.cust_space_id and k.version = c.key_version
    where t.cust_space_id = id
$$;

-- Tenants whose tokens are due to be asked about. Whoever takes one and dies leaves it to be taken after the lease.
create function claim_credential_checks(max_rows bigint, lease interval) returns setof text
language sql volatile security definer set search_path = public, pg_temp as $$
    update credentials c set check_due_at = now() + lease
    from (select d.cust_space_id from credentials d where d.check_due_at <= now()
          order by d.check_due_at limit max_rows for update skip locked) due
    where c.cust_space_id = due.cust_space_id
    returning c.cust_space_id
$$;

-- Tells the ISV's endpoints of a token that is not valid, as it is recorded.
create function tell_of_credential(tenant text) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
    select publish_own_event('credential.' || c.state, tenant, json_strip_nulls(json_build_object(
        'Reason', c.reason, 'AppId', c.app_id, 'ExpiresAt', utc_text(c.expires_at),
        'CheckedAt', utc_text(c.checked_at))))
    from credentials c where c.cust_space_id = tenant and c.state <> 'valid'
$$;

-- Writes down what Meta says of a token, where it still is the one that Meta was asked about, and tells the ISV where
-- that is worse news than before. Those that were asked about together are spread, by up to a tenth sooner.
create function record_credential_check(
    tenant text, seen bigint, told text, why text, app text, may text[], ends timestamptz, next interval
) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    before credentials;
begin
    select * into before from credentials c where c.cust_space_id = tenant for update;
    if before.revision is distinct from seen then
        return false;
    end if;
    update credentials c
    set state = told, reason = why, app_id = app, scopes = may, expires_at = ends, checked_at = now(),
        check_due_at = now() + next * (1 - random() / 10)
    where c.cust_space_id = tenant;
    if told <> before.state and told <> 'valid' then
        perform tell_of_credential(tenant);
    end if;
    return true;
end $$;

-- One onboarding a tenant: the last that was begun.
create table onboardings (
    cust_space_id text primary key references tenants on delete cascade,
    waba_id       text,
    steps         json not null,
    is_done       boolean not null default false,
    -- The token, until all that is needed is done: then it is the tenant's, and stands in credentials alone.
    sealed_token  bytea,
    key_version   integer,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    revision      bigint not null default nextval('revisions'),
    check (num_nulls(sealed_token, key_version) in (0, 2)),
    foreign key (cust_space_id, key_version) references data_keys
);
create trigger revise before update on onboardings for each row execute function next_revision();
alter table onboardings enable row level security;
create policy own_rows on onboardings
    using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));

insert into gateway_privileges values
    ('delete, update (state, reason, app_id, scopes, expires_at, checked_at, check_due_at) on credentials'),
    ('update (waba_id) on business_numbers'),
    ('select, insert, update on onboardings'),
    ('execute on function claim_credential_checks, record_credential_check, tell_of_credential');

revoke execute on all functions in schema public from public;
