-- What the gateway's role may do.

-- Each migration adds what it makes, and the role is granted all of it after the last one.
create table gateway_privileges (privilege text primary key);
-- No policy: the owner alone reads it, when the role is given its rights.
alter table gateway_privileges enable row level security;

insert into gateway_privileges values
    ('usage on schema public'),
    ('select on _sqlx_migrations'),
    ('select, insert on tenants, business_numbers, data_keys, credentials, access_keys, signing_keys, audit_log'),
    ('update (name, status, suspended_reason, per_tenant, per_number, in_flight) on tenants'),
    ('update (sealed_token, key_version, last4, updated_at) on credentials'),
    ('update (sealed_secret, key_version, previous_secret, previous_key_version, previous_until, grants, state,
         revoked_at) on access_keys'),
    -- What refers to these goes with them, by the foreign keys.
    ('delete on tenants, business_numbers, data_keys'),
    ('select, insert, update on groups, mirrors, changes'),
    ('select, insert, update, delete on idempotency_keys'),
    ('select, insert, update on upstream_objects'),
    ('update (verified_name, quality_rating, status, official_business_account, groups_eligible,
         groups_ineligible_reason) on business_numbers'),
    ('select on events, unrouted_events, number_events, open_deliveries, deliveries'),
    -- A tenant's counter is made with the tenant.
    ('select, insert on event_counters'),
    ('update (state, change_kind, change_request_id, change_group_id, change_subject, outcome, unique_code) on events'),
    ('update (attempts, route_after) on unrouted_events'),
    ('select, insert on endpoints'),
    ('update (url, types, description, sealed_secret, key_version, previous_secret, previous_key_version,
         previous_until, updated_at) on endpoints'),
    ('execute on function uncertain, list_tenants, open_tenant, open_access_key, receive_events, keep_malformed,
         forget_old_fingerprints, forget_old_keys, spend_nonce, forget_old_nonces, adopt_events, adopt_strays,
         settled_changes, claim_stale_changes, abandoned_changes, claim_mirrors, owners_of_object, forget_old_media'),
    ('execute on function claim_tenants, claim_events, publish_events, announce_unknown_numbers, list_unrouted_events,
         find_event, last_sequences, unrouted_backlog, number_activity, hold_events, erase_events,
         make_missing_partitions, drop_old_partition'),
    ('execute on function claim_deliveries, claimed_endpoints, pause_endpoints, record_tries, release_claims,
         release_dead_claims, end_stopped_deliveries, delivery_backlog, enable_endpoint, disable_endpoint,
         remove_endpoint, send_test, replayable_events, replayable_failures, replay_deliveries,
         erase_ended_deliveries, erase_deliveries, lanes_lock');

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
