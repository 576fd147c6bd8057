-- The mirror of groups, and the asynchronous changes.

-- Each told field has the instant that it was told for beside it (…_at), so that what is older does not undo it.
create table groups (
    cust_space_id           text not null,
    phone_number_id         text not null,
    group_id                text not null,
    subject                 text,
    -- As filters compare it, without case: folded by the program, since what PostgreSQL folds hangs on its locale.
    subject_folded          text,
    subject_at              timestamptz,
    description             text,
    description_at          timestamptz,
    join_approval_mode      text,
    join_approval_mode_at   timestamptz,
    lifecycle               text not null default 'ACTIVE' check (lifecycle in ('ACTIVE', 'INACTIVE')),
    lifecycle_at            timestamptz,
    suspended               boolean not null default false,
    suspended_at            timestamptz,
    invite_link             text,
    invite_link_at          timestamptz,
    total_participant_count integer check (total_participant_count >= 0),
    participants_at         timestamptz,
    -- The newest event that told who came or went.
    participants_event_at   timestamptz,
    creation_timestamp      timestamptz,
    last_event_at           timestamptz,
    modified_at             timestamptz not null default now(),
    -- From when on its details are to be looked up at Meta; null where they are known.
    details_due             timestamptz default now(),
    primary key (cust_space_id, phone_number_id, group_id),
    foreign key (cust_space_id, phone_number_id) references business_numbers (cust_space_id, phone_number_id)
        on delete cascade
);
create index groups_details_due on groups (cust_space_id, phone_number_id, details_due)
    where details_due is not null and lifecycle = 'ACTIVE';

-- A row that is told what it says already is not modified by that.
create function touch_group() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    if (new.subject, new.description, new.join_approval_mode, new.lifecycle, new.suspended, new.invite_link,
        new.total_participant_count, new.creation_timestamp)
       is distinct from
       (old.subject, old.description, old.join_approval_mode, old.lifecycle, old.suspended, old.invite_link,
        old.total_participant_count, old.creation_timestamp)
    then
        new.modified_at = now();
    end if;
    return new;
end $$;
create trigger touch before update on groups for each row execute function touch_group();

-- Whether an event of this (whole) second may or may not be in a count that Meta was asked for in the same second. Such
-- a count stands a millisecond before its second; one that an event told stands in a whole second, and has no doubt.
create function uncertain(counted_at timestamptz, event_at timestamptz) returns boolean
language sql stable set search_path = public, pg_temp as $$
    select counted_at <> date_trunc('second', counted_at, 'UTC')
       and event_at >= counted_at and event_at < counted_at + interval '1 second'
$$;

-- When a number's groups, and what is recorded of the number, are next compared with Meta's word; and who is at it.
create table mirrors (
    cust_space_id   text not null,
    phone_number_id text not null,
    list_due        timestamptz not null default now(),
    listed_at       timestamptz,
    record_due      timestamptz not null default now(),
    recorded_at     timestamptz,
    -- The replica that is at it, until its lease ends. Without a claim: a pause.
    claim           uuid,
    claimed_until   timestamptz,
    -- Why the last try failed.
    failure         text,
    primary key (cust_space_id, phone_number_id),
    foreign key (cust_space_id, phone_number_id) references business_numbers (cust_space_id, phone_number_id)
        on delete cascade
);

create function begin_mirror() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    insert into mirrors (cust_space_id, phone_number_id) values (new.cust_space_id, new.phone_number_id);
    perform pg_notify('groupgate_mirrors', '');
    return null;
end $$;
-- Its name comes after `notify`: triggers fire in that order, and a number is known before anybody looks after it.
create trigger start_mirror after insert on business_numbers for each row execute function begin_mirror();

create table changes (
    unique_code     uuid primary key,
    cust_space_id   text not null references tenants on delete cascade,
    operation       text not null,
    business_number text not null,
    phone_number_id text not null,
    group_id        text,
    subject         text,
    subject_folded  text,
    request         json not null,
    request_id      text,
    status          text not null default 'SENDING'
                    check (status in ('SENDING', 'PENDING', 'SUCCEEDED', 'FAILED', 'PARTIAL', 'UNKNOWN')),
    invite_link     text,
    failed          json,
    fields          json,
    errors          json,
    created_at      timestamptz not null default now(),
    answer_due      timestamptz not null,
    claimed_until   timestamptz,
    settled_at      timestamptz
);
create index changes_request on changes (cust_space_id, request_id) where request_id is not null;
-- UNKNOWN stays in these: an event may still settle it.
create index changes_open_group on changes (cust_space_id, group_id, operation, created_at)
    where status in ('SENDING', 'PENDING', 'UNKNOWN') and group_id is not null;
create index changes_open_create on changes (cust_space_id, phone_number_id, subject, created_at)
    where status in ('SENDING', 'PENDING', 'UNKNOWN') and group_id is null;
create index changes_open_age on changes (created_at) where status in ('SENDING', 'PENDING');
create index changes_unanswered on changes (answer_due) where status in ('SENDING', 'UNKNOWN') and request_id is null;
-- Whether a group was made by one of our creates.
create index changes_created_group on changes (cust_space_id, group_id) where operation = 'AddChatGroup' and group_id is not null;

alter table groups enable row level security;
alter table mirrors enable row level security;
alter table changes enable row level security;
create policy own_rows on groups using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));
create policy own_rows on mirrors using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));
create policy own_rows on changes using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));
