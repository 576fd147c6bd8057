-- Whose is an object at Meta: what the Graph-compatible face asks before it passes a call on.

-- Files and templates, as answers and webhooks of the tenant named them. That Meta answers for an ID is no proof: one
-- token may see the objects of two tenants.
create table upstream_objects (
    cust_space_id   text not null references tenants on delete cascade,
    kind            text not null check (kind in ('media', 'template')),
    id              text not null,
    -- Of a file: the number that it was uploaded for, or that received it.
    phone_number_id text,
    -- Of a template: its account.
    waba_id         text,
    seen_at         timestamptz not null default now(),
    primary key (id, kind, cust_space_id),
    check (num_nulls(phone_number_id, waba_id) = 1),
    foreign key (cust_space_id, phone_number_id) references business_numbers (cust_space_id, phone_number_id)
        on delete cascade
);
create index upstream_objects_of_tenant on upstream_objects (cust_space_id, phone_number_id);
create index upstream_media_age on upstream_objects (seen_at) where kind = 'media';
create index groups_by_id on groups (group_id);

alter table upstream_objects enable row level security;
create policy own_rows on upstream_objects
    using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));

-- Every tenant that the object of this ID belongs to, and as what.
create function owners_of_object(object_id text) returns table (
    kind text, cust_space_id text, phone_number_id text, waba_id text
) language sql stable security definer set search_path = public, pg_temp as $$
    select 'number', n.cust_space_id, n.phone_number_id, null from business_numbers n where n.phone_number_id = object_id
    union all
    select distinct 'waba', n.cust_space_id, null, n.waba_id from business_numbers n where n.waba_id = object_id
    union all
    select 'group', g.cust_space_id, g.phone_number_id, null from groups g where g.group_id = object_id
    union all
    select o.kind, o.cust_space_id, o.phone_number_id, o.waba_id from upstream_objects o where o.id = object_id
    order by 2, 1
$$;

-- Meta keeps a file for 30 days. The records of older ones go, at most so many.
create function forget_old_media(max_rows bigint) returns bigint
language sql security definer set search_path = public, pg_temp as $$
    with gone as (
        delete from upstream_objects u
        using (select o.id, o.kind, o.cust_space_id from upstream_objects o
               where o.kind = 'media' and o.seen_at < now() - interval '31 days'
               order by o.seen_at limit max_rows for update skip locked) as old
        where (u.id, u.kind, u.cust_space_id) = (old.id, old.kind, old.cust_space_id)
        returning 1
    )
    select count(*) from gone
$$;
