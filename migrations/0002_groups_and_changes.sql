-- The mirror of groups, and the asynchronous changes.

-- Each told field has the instant that it was told for beside it (…_at), so that what is older does not undo it.
create table groups (
    cust_space_id           text not null,
    phone_number_id         text not null,
    group_id                text not null,
    subject                 text,
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
    creation_timestamp      timestamptz,
    last_event_at           timestamptz,
    modified_at             timestamptz not null default now(),
    primary key (cust_space_id, phone_number_id, group_id),
    foreign key (cust_space_id, phone_number_id) references business_numbers (cust_space_id, phone_number_id)
);
-- The order of ListChatGroup: newest first, then the group's ID.
create index groups_newest on groups (cust_space_id, creation_timestamp desc nulls last, group_id);

create table changes (
    unique_code     uuid primary key,
    cust_space_id   text not null references tenants,
    operation       text not null,
    business_number text not null,
    phone_number_id text not null,
    group_id        text,
    subject         text,
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
alter table changes enable row level security;
create policy own_rows on groups using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));
create policy own_rows on changes using (cust_space_id = nullif(current_setting('groupgate.cust_space_id', true), ''));
