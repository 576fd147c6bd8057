-- Nonces of signed requests: each is good once for its access key, and remembered for 35 minutes. A caller's clock may be
-- 15 minutes off either way, and those of replicas and of this server differ a little.

create table nonces (
    access_key_id text not null,
    -- SHA-256: what a caller sends may be of any length.
    digest        bytea not null check (octet_length(digest) = 32),
    used_at       timestamptz not null default now(),
    primary key (access_key_id, digest)
);
create index nonces_age on nonces (used_at);
-- No policy: the functions below alone reach it.
alter table nonces enable row level security;

-- Whether the nonce is new. Of any number of calls at once, for one.
create function spend_nonce(key_id text, nonce bytea) returns boolean
language sql security definer set search_path = public, pg_temp as $$
    with fresh as (
        insert into nonces (access_key_id, digest) values (key_id, nonce) on conflict do nothing returning 1
    )
    select exists (select 1 from fresh)
$$;

-- The oldest go, at most so many.
create function forget_old_nonces(max_rows bigint) returns bigint
language sql security definer set search_path = public, pg_temp as $$
    with gone as (
        delete from nonces n
        using (select o.access_key_id, o.digest from nonces o
               where o.used_at < now() - interval '35 minutes'
               order by o.used_at limit max_rows for update skip locked) as old
        where (n.access_key_id, n.digest) = (old.access_key_id, old.digest)
        returning 1
    )
    select count(*) from gone
$$;
