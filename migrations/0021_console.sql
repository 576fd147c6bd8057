-- Sessions of the console.

create table console_sessions (
    -- SHA-256 of what the cookie holds, in hex: who reads the table signs in as nobody.
    session_id    text primary key check (session_id ~ '^[0-9a-f]{64}$'),
    cust_space_id text not null default '_system' check (cust_space_id = '_system'),
    -- What the administrator showed to sign in, which is looked at again with each page.
    sealed_proof  bytea not null,
    key_version   integer not null,
    -- As the audit log names the administrator.
    actor         text not null,
    begun_at      timestamptz not null default now(),
    seen_at       timestamptz not null default now(),
    ends_at       timestamptz not null,
    foreign key (cust_space_id, key_version) references data_keys
);
create index console_sessions_end on console_sessions (ends_at);

alter table console_sessions enable row level security;
create policy own_rows on console_sessions
    using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));

-- What the gateway's role may do, so that a migration adds what it makes, and repeats nothing.
create table gateway_privileges (privilege text primary key);
-- No policy: the owner alone reads it, when the role is given its rights.
alter table gateway_privileges enable row level security;

insert into gateway_privileges
select unnest(array[
        'usage on schema public',
        'select on _sqlx_migrations',
        'select, insert on tenants, business_numbers, data_keys, credentials, access_keys, signing_keys, audit_log',
        'select, insert, delete on issuers',
        'update (audience, jwks_url, algorithms, claims, updated_at) on issuers',
        'usage on sequence revisions',
        'update (name, status, suspended_reason, notes, labels, per_tenant, per_number, in_flight) on tenants',
        'delete, update (sealed_token, key_version, last4, updated_at, state, reason, app_id, scopes, expires_at,
                 checked_at, check_due_at) on credentials',
        'select, insert, update on onboardings',
        'update (sealed_secret, key_version, previous_secret, previous_key_version, previous_until, grants,
                 state, revoked_at, name, expires_at, allowed_networks, last_used_at) on access_keys',
        -- What refers to these goes with them, by the foreign keys.
        'delete on tenants, business_numbers, data_keys, access_keys',
        'select, insert, update on groups, mirrors, changes',
        'select, insert, update, delete on idempotency_keys',
        'select, insert, update on upstream_objects',
        'update (waba_id, verified_name, quality_rating, status, official_business_account, groups_eligible,
                 groups_ineligible_reason) on business_numbers',
        'select on events, unrouted_events, number_events, open_deliveries, deliveries',
        -- A tenant's counter is made with the tenant.
        'select, insert on event_counters',
        'select, delete on calls',
        'select on usage',
        'select, insert, update (delivered) on group_messages',
        'update (state, change_kind, change_request_id, change_group_id, change_subject, outcome, unique_code)
             on events',
        'update (attempts, route_after) on unrouted_events',
        'select, insert on endpoints',
        'update (url, types, description, sealed_secret, key_version, previous_secret, previous_key_version,
                 previous_until, updated_at) on endpoints',
        'execute on function uncertain, list_tenants, open_tenant, open_access_key, receive_events, keep_malformed,
                 forget_old_fingerprints, forget_old_keys, spend_nonce, forget_old_nonces, adopt_events, adopt_strays,
                 settled_changes, claim_stale_changes, abandoned_changes, claim_mirrors, owners_of_object,
                 forget_old_media',
        'execute on function claim_tenants, claim_events, publish_events, announce_unknown_numbers, list_unrouted_events,
                 find_event, last_sequences, unrouted_backlog, number_activity, hold_events, erase_events,
                 make_missing_partitions, drop_old_partition, drop_old_calls, record_calls',
        'execute on function claim_deliveries, claimed_endpoints, pause_endpoints, record_tries, release_claims,
                 release_dead_claims, end_stopped_deliveries, delivery_backlog, enable_endpoint, disable_endpoint,
                 remove_endpoint, send_test, replayable_events, replayable_failures, replay_deliveries,
                 erase_ended_deliveries, erase_deliveries, lanes_lock',
        'execute on function claim_credential_checks, record_credential_check, tell_of_credential',
        'execute on function list_audit_log, replica_seen, list_replicas, hold_idempotency_key',
        'execute on function master_keys_in_use, await_data_keys, list_data_keys, rewrap_data_keys',
        'select, insert, delete on console_sessions',
        'update (seen_at) on console_sessions'
    ]);

create or replace function grant_to_gateway(role name) returns void language plpgsql
set search_path = public, pg_temp as $$
declare
    given text;
begin
    -- Older servers let everybody create in public, and so stand in the definer functions' search_path.
    revoke create on schema public from public;
    execute format('revoke all on all tables in schema public from %I', role);
    execute format('revoke all on all functions in schema public from %I', role);
    for given in select privilege from gateway_privileges loop
        execute format('grant %s to %I', given, role);
    end loop;
end $$;

revoke execute on all functions in schema public from public;
