-- External issuers of JWTs: whose tokens are accepted beside the gateway's own, and what their claims allow.

create table issuers (
    issuer_id     uuid primary key,
    cust_space_id text not null default '_system' check (cust_space_id = '_system'),
    -- `iss`, as tokens have it: who its subjects are hangs on it, so it never changes.
    issuer        text not null unique,
    audience      text not null,
    jwks_url      text not null,
    algorithms    text[] not null,
    -- json, not jsonb: rules are given back as they were given.
    claims        json not null,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    revision      bigint not null default nextval('revisions')
);

alter table issuers enable row level security;
create policy own_rows on issuers using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));

create trigger revise before update of audience, jwks_url, algorithms, claims
    on issuers for each row execute function next_revision();

-- There are few, and all are kept in memory together: whose changed does not matter.
create function notify_issuers() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    perform pg_notify('groupgate_issuers', '');
    return null;
end $$;

create trigger notify after insert or update or delete on issuers
    for each statement execute function notify_issuers();

insert into gateway_privileges values
    ('select, insert, delete on issuers'),
    ('update (audience, jwks_url, algorithms, claims, updated_at) on issuers');

revoke execute on all functions in schema public from public;
