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
