-- What administrators see and change: revisions, so that nobody changes what somebody else has changed since; notes and
-- labels of tenants; idempotency keys of administrators' calls.

-- One sequence for all: a resource that is deleted and made again never has a revision that it had before.
create sequence revisions;

create function next_revision() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    new.revision := nextval('revisions');
    return new;
end $$;

alter table tenants
    add column notes    text,
    -- json, not jsonb: labels are given back in the order in which they were given.
    add column labels   json not null default '{}',
    add column revision bigint not null default nextval('revisions');
alter table business_numbers add column revision bigint not null default nextval('revisions');
alter table credentials add column revision bigint not null default nextval('revisions');
alter table access_keys
    add column allowed_networks cidr[] not null default '{}',
    add column last_used_at     timestamptz,
    add column revision         bigint not null default nextval('revisions');
alter table endpoints add column revision bigint not null default nextval('revisions');

-- Only what administrators change makes a new revision: what the gateway itself keeps up to date beside it does not.
create trigger revise before update of name, status, suspended_reason, notes, labels, per_tenant, per_number, in_flight
    on tenants for each row execute function next_revision();
create trigger revise before update of waba_id
    on business_numbers for each row execute function next_revision();
create trigger revise before update of sealed_token
    on credentials for each row execute function next_revision();
create trigger revise before update of name, grants, sealed_secret, state, expires_at, allowed_networks
    on access_keys for each row execute function next_revision();
create trigger revise before update of url, types, description, state, sealed_secret
    on endpoints for each row execute function next_revision();

-- Keys of administrators' calls live in the space '_system', which is no tenant.
alter table idempotency_keys drop constraint idempotency_keys_cust_space_id_fkey;
alter table idempotency_keys add column tenant text generated always as (nullif(cust_space_id, '_system')) stored
    references tenants on delete cascade;
create index idempotency_keys_tenant on idempotency_keys (tenant);
create index idempotency_keys_of_administrators on idempotency_keys (unique_code) where cust_space_id = '_system';

-- Holds the idempotency key of an administrator's call, whose unique code is the call's own ID, until the transaction ends:
-- whoever takes the key over waits for what the call changes, and finds it in the audit log or knows that nothing was done.
create function hold_idempotency_key(call uuid) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
    select 1 from idempotency_keys where cust_space_id = '_system' and unique_code = call for share
$$;

-- What the log is filtered by, newest first. An actor or an object may be longer than an index takes.
create index audit_log_actor on audit_log (hashtextextended(actor, 0), id desc);
create index audit_log_object on audit_log (hashtextextended(object, 0), id desc);
create index audit_log_action on audit_log (action, id desc);
create index audit_log_request on audit_log (request_id) where request_id is not null;
create index audit_log_at on audit_log using brin (at);

-- The audit log of all spaces, newest first, behind the entry before_id. What is null is not asked for: each call is
-- planned for what it asks, so that it goes by an index.
create function list_audit_log(
    of_actor text, of_action text, of_object text, of_space text, of_request uuid,
    since timestamptz, until timestamptz, before_id bigint, max_rows bigint
) returns setof audit_log language plpgsql stable security definer
set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
begin
    return query
    select * from audit_log l
    where (before_id is null or l.id < before_id)
      and (of_space is null or l.cust_space_id = of_space)
      and (of_actor is null or hashtextextended(l.actor, 0) = hashtextextended(of_actor, 0) and l.actor = of_actor)
      and (of_action is null or l.action = of_action)
      and (of_object is null or hashtextextended(l.object, 0) = hashtextextended(of_object, 0) and l.object = of_object)
      and (of_request is null or l.request_id = of_request)
      and (since is null or l.at >= since)
      and (until is null or l.at < until)
    order by l.id desc limit max_rows;
end $$;

-- The gateways that run, each under the name of the lock that it holds while it lives.
create table replicas (
    replica        bigint primary key,
    version        text not null,
    -- The master keys that it has; the first one seals.
    master_key_ids text[] not null,
    started_at     timestamptz not null,
    seen_at        timestamptz not null default now()
);
-- Without a policy: the functions below are the only way to it.
alter table replicas enable row level security;

create function replica_seen(id bigint, running text, keys text[], since timestamptz) returns void
language sql security definer set search_path = public, pg_temp as $$
    delete from replicas where seen_at < now() - interval '1 hour';
    insert into replicas (replica, version, master_key_ids, started_at) values (id, running, keys, since)
    on conflict (replica) do update set seen_at = now();
$$;

create function list_replicas() returns setof replicas
language sql stable security definer set search_path = public, pg_temp as $$
    select * from replicas where seen_at > now() - interval '1 minute' order by started_at, replica
$$;

-- Custody: which master keys the data keys of all spaces need, and wrapping them anew.
create function master_keys_in_use() returns table (master_key_id text, data_keys bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select k.master_key_id, count(*) from data_keys k group by 1 order by 1
$$;

-- Waits for the transactions that have written a data key and are under way; those that begin meanwhile wait for it.
create function await_data_keys() returns void
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    lock table data_keys in share mode;
end $$;

-- Data keys that another master key than this one wraps, behind the given one.
create function list_data_keys(sealing_id text, after_space text, after_version integer, max_rows bigint)
returns setof data_keys language sql stable security definer set search_path = public, pg_temp as $$
    select * from data_keys k
    where k.master_key_id <> sealing_id and (k.cust_space_id, k.version) > (after_space, after_version)
    order by k.cust_space_id, k.version limit max_rows
$$;

-- Stores data keys that this master key wraps now, where they are still as they were read. The arrays run in parallel.
create function rewrap_data_keys(
    sealing_id text, spaces text[], versions integer[], wrapped_before bytea[], wrapped_after bytea[]
) returns bigint language sql volatile security definer set search_path = public, pg_temp as $$
    with rewrapped as (
        update data_keys k set master_key_id = sealing_id, wrapped_key = r.after
        from unnest(spaces, versions, wrapped_before, wrapped_after) as r (space, version, before, after)
        where k.cust_space_id = r.space and k.version = r.version and k.wrapped_key = r.before
        returning 1
    )
    select count(*) from rewrapped
$$;

-- A key's last use is written by the way: it is no change that gateways must hear of.
drop trigger notify on access_keys;
create trigger notify after insert or delete or update of name, grants, sealed_secret, key_version, previous_secret,
    previous_key_version, previous_until, state, expires_at, allowed_networks
    on access_keys for each row execute function notify_access_key();

drop function open_access_key(text);
create function open_access_key(id text) returns table (
    name text, grants json, sealed_secret bytea, state text, expires_at timestamptz, allowed_networks text[],
    key_version integer, master_key_id text, wrapped_key bytea,
    previous_secret bytea, previous_until timestamptz,
    previous_key_version integer, previous_master_key_id text, previous_wrapped_key bytea
) language sql stable security definer set search_path = public, pg_temp as $$
    select a.name, a.grants, a.sealed_secret, a.state, a.expires_at, a.allowed_networks::text[], a.key_version,
           k.master_key_id, k.wrapped_key,
           a.previous_secret, a.previous_until, p.version, p.master_key_id, p.wrapped_key
    from access_keys a
    join data_keys k on k.cust_space_id = a.cust_space_id and k.version = a.key_version
    left join data_keys p on p.cust_space_id = a.cust_space_id and p.version = a.previous_key_version
                         and a.previous_until > now()
    where a.access_key_id = id
$$;

insert into gateway_privileges values
    ('usage on sequence revisions'),
    ('update (notes, labels) on tenants'),
    ('delete, update (name, expires_at, allowed_networks, last_used_at) on access_keys'),
    ('execute on function list_audit_log, replica_seen, list_replicas, hold_idempotency_key'),
    ('execute on function master_keys_in_use, await_data_keys, list_data_keys, rewrap_data_keys');

revoke execute on all functions in schema public from public;
