-- The inbox of events.

-- value and outcome are json, not jsonb: what Meta sent may hold \u0000, which jsonb refuses.
create table events (
    id                uuid primary key,
    position          bigint generated always as identity,
    -- Null for a number that no tenant has: such rows are visible to no tenant.
    cust_space_id     text references tenants on delete cascade,
    field             text not null,
    waba_id           text not null,
    phone_number_id   text,
    value             json not null,
    received_at       timestamptz not null default now(),
    state             text not null default 'received' check (state in ('received', 'routed', 'failed')),
    attempts          smallint not null default 0,
    route_after       timestamptz not null default now(),
    routed_at         timestamptz,
    -- The outcome of a change that the event tells, and what may find that change.
    change_kind       text,
    change_request_id text,
    change_group_id   text,
    change_subject    text,
    outcome           json,
    -- The change that it settled.
    unique_code       uuid references changes
);
create index events_unrouted on events (position) where state = 'received';
create index events_unmatched_request on events (cust_space_id, change_request_id)
    where outcome is not null and unique_code is null;
create index events_unmatched_group on events (cust_space_id, change_kind, change_group_id, position)
    where outcome is not null and unique_code is null;
create index events_unmatched_create on events (cust_space_id, change_kind, phone_number_id, change_subject, position)
    where outcome is not null and unique_code is null;
-- For the foreign key, when a tenant's changes go.
create index events_settled on events (unique_code) where unique_code is not null;
create index events_unknown on events (phone_number_id) where cust_space_id is null;

-- Doubles are known by these. No partitions, and apart from the events: a unique index on a partitioned table would
-- have to hold the partition's key.
create table event_fingerprints (
    fingerprint bytea primary key check (octet_length(fingerprint) = 32),
    seen_at     timestamptz not null default now()
);
create index event_fingerprints_age on event_fingerprints (seen_at);

-- Signed bodies that are no WhatsApp webhook.
create table malformed_webhooks (
    id          bigint generated always as identity primary key,
    received_at timestamptz not null default now(),
    body        bytea not null check (octet_length(body) <= 65536),
    body_length bigint not null
);

alter table events enable row level security;
create policy own_rows on events using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));
-- No policy: only the definer functions reach these.
alter table event_fingerprints enable row level security;
alter table malformed_webhooks enable row level security;
