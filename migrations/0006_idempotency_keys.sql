-- Idempotency keys: what a caller asked for under a key, which call is at it, and how it ended.

create table idempotency_keys (
    cust_space_id text not null references tenants on delete cascade,
    operation     text not null,
    key           text not null,
    -- SHA-256 of the request.
    fingerprint   bytea not null check (octet_length(fingerprint) = 32),
    -- running: a call is at it. answered: it ended, and says the same for ever. open: nobody knows how it ended.
    state         text not null check (state in ('running', 'answered', 'open')),
    -- The call that is at it, the process that runs that call, and until when at the latest.
    claim         uuid,
    owner         bigint,
    running_until timestamptz,
    -- Reserved for the change that is begun under the key, so that it is found again.
    unique_code   uuid not null,
    -- The answer: the envelope as it was sent. json, not jsonb: it is given again byte by byte.
    code          text,
    http_status   integer,
    answer        json,
    request_id    uuid,
    created_at    timestamptz not null default now(),
    primary key (cust_space_id, operation, key),
    check (num_nulls(claim, owner, running_until) = case state when 'running' then 0 else 3 end),
    check (num_nulls(code, http_status, answer, request_id) = case state when 'answered' then 0 else 4 end)
);
create index idempotency_keys_age on idempotency_keys (created_at);

alter table idempotency_keys enable row level security;
create policy own_rows on idempotency_keys
    using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));

-- Keys are kept for 24 hours; a call takes one that is older for absent. The oldest go, at most so many.
create function forget_old_keys(max_rows bigint) returns bigint
language sql security definer set search_path = public, pg_temp as $$
    with gone as (
        delete from idempotency_keys k
        using (select o.cust_space_id, o.operation, o.key from idempotency_keys o
               where o.created_at < now() - interval '24 hours'
               order by o.created_at limit max_rows for update skip locked) as old
        where (k.cust_space_id, k.operation, k.key) = (old.cust_space_id, old.operation, old.key)
        returning 1
    )
    select count(*) from gone
$$;

create or replace function grant_to_gateway(role name) returns void language plpgsql
set search_path = public, pg_temp as $$
declare
    privilege text;
begin
    -- Older servers let everybody create in public, and so stand in the definer functions' search_path.
    revoke create on schema public from public;
    execute format('revoke all on all tables in schema public from %I', role);
    execute format('revoke all on all functions in schema public from %I', role);
    foreach privilege in array array[
        'usage on schema public',
        'select on _sqlx_migrations',
        'select, insert on tenants, business_numbers, data_keys, credentials, access_keys, signing_keys, audit_log',
        'update (name, status, suspended_reason, per_tenant, per_number, in_flight) on tenants',
        'update (sealed_token, key_version, last4, updated_at) on credentials',
        'update (sealed_secret, key_version, previous_secret, previous_key_version, previous_until, grants,
                 state, revoked_at) on access_keys',
        -- What refers to these goes with them, by the foreign keys.
        'delete on tenants, business_numbers, data_keys',
        'select, insert, update on groups, mirrors, changes',
        'select, insert, update, delete on idempotency_keys',
        'update (verified_name, quality_rating, status, official_business_account, groups_eligible,
                 groups_ineligible_reason) on business_numbers',
        'select on events',
        'update (state, attempts, route_after, routed_at, change_kind, change_request_id, change_group_id,
                 change_subject, outcome, unique_code) on events',
        'execute on function uncertain, list_tenants, open_tenant, open_access_key, receive_events, keep_malformed,
                 forget_old_fingerprints, forget_old_keys, adopt_events, adopt_strays, settled_changes, claim_events,
                 claim_stale_changes, abandoned_changes, claim_mirrors'
    ] loop
        execute format('grant %s to %I', privilege, role);
    end loop;
end $$;

revoke execute on all functions in schema public from public;
