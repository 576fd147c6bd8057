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

insert into gateway_privileges values
    ('select, insert, delete, update (seen_at) on console_sessions');
