-- GCRA (https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm) for all limits of one call: all of them count it, or
-- none does.
--
-- KEYS: one for each limit. It holds the limit's theoretical arrival time as seconds and nanoseconds since 1970; who has
--       none has its whole burst.
-- ARGV: for each limit the nanoseconds between two calls, the burst, and how much of the burst has to be left over.
-- Answers 0 and by how many nanoseconds each limit is now ahead of the clock; or the number of the limit that lets the
-- call through last, from 1, and in how many nanoseconds it does.
--
-- Numbers are doubles. Nanoseconds since 1970 do not fit into one, so a time is two; how far a limit is ahead of the clock
-- is exact up to 2^53 nanoseconds, which are 104 days.

local now = redis.call('TIME')
local now_s, now_ns = tonumber(now[1]), tonumber(now[2]) * 1000

local function store(key, lead)
    local tat = now_ns + lead
    local s = math.floor(tat / 1e9)
    local value = string.format('%.0f %.0f', now_s + s, tat - s * 1e9)
    redis.call('SET', key, value, 'PX', string.format('%.0f', math.ceil(lead / 1e6)))
end

local ahead, last, longest = {}, 0, 0
for i, key in ipairs(KEYS) do
    local interval, burst, spared = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
    local s, ns = string.match(redis.call('GET', key) or '', '^(%d+) (%d+)$')
    local lead = s and math.max(0, (tonumber(s) - now_s) * 1e9 + (tonumber(ns) - now_ns)) or 0
    -- More than the burst is ahead only where the clock was set back or the rate was another: no reason to wait longer
    -- than for a burst that is used up.
    if lead > interval * burst then
        lead = interval * burst
        store(key, lead)
    end
    local wait = lead - interval * (burst - 1 - spared)
    if wait > longest then
        last, longest = i, wait
    end
    ahead[i] = lead + interval
end
if last > 0 then
    return {last, longest}
end

for i, key in ipairs(KEYS) do
    store(key, ahead[i])
end
return {0, unpack(ahead)}
