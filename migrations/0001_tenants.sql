-- Tenants and what belongs to them: numbers, sealed credentials, data keys; access keys, signing keys, the audit log.
--
-- Row-level security is enabled, never forced: the gateway's role owns nothing, so the policies always bind it, while
-- the owner's definer functions and pg_dump see all rows. A transaction names its tenant by
-- set_config('groupgate.cust_space_id', …, true); unset or '' shows nothing.
-- What belongs to no single tenant (access keys, signing keys) lives in the space '_system', which no tenant can be called.

create table tenants (
    cust_space_id    text primary key check (cust_space_id ~ '^[a-z0-9][a-z0-9-]{2,62}$'),
    name             text not null,
    status           text not null default 'pending' check (status in ('pending', 'active', 'suspended')),
    suspended_reason text,
    created_at       timestamptz not null default now(),
    -- The tenant's own limits; null is the gateway's default.
    per_tenant       text check (per_tenant ~ '^(off|[1-9][0-9]{0,6}/[smh](;burst=[1-9][0-9]{0,6})?)$'),
    per_number       text check (per_number ~ '^(off|[1-9][0-9]{0,6}/[smh](;burst=[1-9][0-9]{0,6})?)$'),
    in_flight        integer check (in_flight > 0)
);

-- Whatever belongs to a tenant goes with it: a table that refers to tenants says `on delete cascade`.
create table business_numbers (
    cust_space_id             text not null references tenants on delete cascade,
    business_number           text not null check (business_number ~ '^[0-9]{7,15}$'),
    phone_number_id           text not null unique,
    waba_id                   text not null,
    verified_name             text,
    quality_rating            text,
    status                    text,
    official_business_account boolean,
    groups_eligible           boolean,
    groups_ineligible_reason  text,
    created_at                timestamptz not null default now(),
    primary key (cust_space_id, business_number),
    unique (cust_space_id, phone_number_id)
);
create index business_numbers_waba on business_numbers (waba_id);

-- A space's data keys, each wrapped by a master key. The newest seals, all open.
create table data_keys (
    cust_space_id text not null,
    version       integer not null check (version > 0),
    master_key_id text not null,
    wrapped_key   bytea not null,
    created_at    timestamptz not null default now(),
    primary key (cust_space_id, version)
);

create table credentials (
    cust_space_id text primary key references tenants on delete cascade,
    sealed_token  bytea not null,
    key_version   integer not null,
    last4         text not null,
    updated_at    timestamptz not null default now(),
    foreign key (cust_space_id, key_version) references data_keys
);

create table access_keys (
    access_key_id text primary key,
    cust_space_id text not null default '_system' check (cust_space_id = '_system'),
    name          text not null,
    grants        json not null,
    sealed_secret bytea not null,
    key_version   integer not null,
    state         text not null default 'active' check (state in ('active', 'revoked')),
    expires_at    timestamptz,
    created_at    timestamptz not null default now(),
    revoked_at    timestamptz,
    -- The secret before the last rotation, which is good until then.
    previous_secret      bytea,
    previous_key_version integer,
    previous_until       timestamptz,
    check (num_nulls(previous_secret, previous_key_version, previous_until) in (0, 3)),
    foreign key (cust_space_id, key_version) references data_keys,
    foreign key (cust_space_id, previous_key_version) references data_keys
);

create table signing_keys (
    kid            text primary key,
    cust_space_id  text not null default '_system' check (cust_space_id = '_system'),
    public_key     bytea not null,
    sealed_private bytea not null,
    key_version    integer not null,
    created_at     timestamptz not null default now(),
    foreign key (cust_space_id, key_version) references data_keys
);

create table audit_log (
    id            bigint generated always as identity primary key,
    cust_space_id text not null,
    at            timestamptz not null default now(),
    actor         text not null,
    action        text not null,
    object        text not null,
    before        json,
    after         json,
    address       inet,
    request_id    uuid
);
create index audit_log_newest on audit_log (cust_space_id, id desc);

alter table tenants enable row level security;
alter table business_numbers enable row level security;
alter table data_keys enable row level security;
alter table credentials enable row level security;
alter table access_keys enable row level security;
alter table signing_keys enable row level security;
alter table audit_log enable row level security;

create policy own_rows on tenants using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));
create policy own_rows on business_numbers using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));
create policy own_rows on data_keys using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));
create policy own_rows on credentials using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));
create policy own_rows on access_keys using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));
create policy own_rows on signing_keys using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));
create policy own_rows on audit_log using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));

-- NOTIFY says whose cache entry is stale, by its ID alone. PostgreSQL sends equal ones of a transaction once.
create function notify_tenant() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    perform pg_notify('groupgate_tenants', coalesce(new.cust_space_id, old.cust_space_id));
    return null;
end $$;

create function notify_access_key() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    perform pg_notify('groupgate_access_keys', coalesce(new.access_key_id, old.access_key_id));
    return null;
end $$;

create trigger notify after insert or update or delete on tenants for each row execute function notify_tenant();
create trigger notify after insert or update or delete on business_numbers for each row execute function notify_tenant();
create trigger notify after insert or update or delete on credentials for each row execute function notify_tenant();
create trigger notify after insert or update or delete on access_keys for each row execute function notify_access_key();
