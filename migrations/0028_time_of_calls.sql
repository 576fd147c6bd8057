-- When a call came, told with a fifth of the work: each one that is recorded is counted by its hour.

set local lock_timeout = '1s';

-- When an ID of version 7 was made, to the millisecond. What it calls is bound where it is made, so that it needs no
-- search_path of its own: with one it would be called for each row in place of standing in the query.
create or replace function time_of(id uuid) returns timestamptz
language sql immutable strict parallel safe
return to_timestamp(('x0000' || left(replace(id::text, '-', ''), 12))::bit(64)::bigint / 1000.0::float8);
