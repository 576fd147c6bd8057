-- What the gateway does for GetChatGroupInviteLink, by nginx with Lua, as somebody writes it who wants it fast: tenants and
-- verified tokens stand in the worker's memory, the shared dictionaries behind them hold what workers share.

local cjson = require "cjson.safe"
local ffi = require "ffi"
local lrucache = require "resty.lrucache"

ffi.cdef [[
const void *EVP_sha256(void);
unsigned char *HMAC(const void *md, const void *key, int key_length, const unsigned char *data, size_t length,
                    unsigned char *out, unsigned int *out_length);
]]

local decode, encode, ngx, concat, floor = cjson.decode, cjson.encode, ngx, table.concat, math.floor
local re_find = ngx.re.find
local keys, tenants, limits, metrics = ngx.shared.keys, ngx.shared.tenants, ngx.shared.limits, ngx.shared.metrics

local RATE, BURST = 9999999, 9999999
local POLICY = '"key";q=9999999;w=1, "tenant";q=9999999;w=1, "number";q=9999999;w=1'
local BUCKETS = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 }

local verified = lrucache.new(10000)
local opened = lrucache.new(100000)
local settings

local function hmac_sha256(secret, text)
    local out, length = ffi.new "unsigned char[32]", ffi.new "unsigned int[1]"
    ffi.C.HMAC(ffi.C.EVP_sha256(), secret, #secret, text, #text, out, length)
    return ffi.string(out, length[0])
end

local function from_base64url(text)
    text = text:gsub("-", "+"):gsub("_", "/")
    return ngx.decode_base64(text .. ("="):rep(-#text % 4))
end

-- A UUID of version 7 (https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7), of now.
local function request_id()
    local now, random = ngx.now() * 1000, math.random
    return ("%08x-%04x-7%03x-%04x-%04x%08x"):format(
        floor(now / 0x10000), now % 0x10000, random(0, 0xfff), random(0x8000, 0xbfff), random(0, 0xffff),
        random(0, 0x7fffffff) * 2)
end

local function hex(bytes)
    return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

-- Who sent the token, with what its key may do now: its signature is verified once, its end and its key each time.
local function authenticate(header)
    local token = header and header:match "^Bearer (.+)$"
    if not token then return nil end
    local claims = verified:get(token)
    if not claims then
        local signed, signature = token:match "^(.+)%.([^.]+)$"
        if not signed or hmac_sha256(settings.token_secret, signed) ~= from_base64url(signature) then return nil end
        claims = decode(from_base64url(signed:match "%.(.+)$"))
        claims.can = {}
        for scope in claims.scope:gmatch "%S+" do claims.can[scope] = true end
        claims.tenants = {}
        for _, tenant in ipairs(claims.tenant_list) do claims.tenants[tenant] = true end
        verified:set(token, claims)
    end
    if claims.exp <= ngx.time() or keys:get(claims.sub) ~= "active" then return nil end
    return claims
end

-- The tenant with all that a call of it takes, made once.
local function open_tenant(id)
    local tenant = opened:get(id)
    if tenant then return tenant end
    local stored = tenants:get(id)
    tenant = stored and decode(stored)
    if not tenant then return nil end
    tenant.authorization = "Bearer " .. tenant.token
    tenant.tail = "/invite_link?appsecret_proof=" .. hex(hmac_sha256(settings.app_secret, tenant.token))
    opened:set(id, tenant, 60)
    return tenant
end

-- GCRA (https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm): what is left, or nothing.
local function take(name, now)
    local interval = 1 / RATE
    local arrival = limits:get(name)
    if not arrival or arrival < now then arrival = now end
    arrival = arrival + interval
    local left = BURST - (arrival - now) / interval
    if left < 0 then return nil end
    limits:set(name, arrival)
    return floor(left)
end

local function is(text, pattern)
    return type(text) == "string" and re_find(text, pattern, "jo") ~= nil
end

local function count(code, seconds)
    metrics:incr(concat { "calls:GetChatGroupInviteLink:", code }, 1, 0)
    for index = 1, #BUCKETS do
        if seconds <= BUCKETS[index] then
            metrics:incr(concat { "upstream:", index }, 1, 0)
            break
        end
    end
end

local function finish(status, code, fields, seconds)
    local var, header = ngx.var, ngx.header
    fields.RequestId, fields.Code, fields.Success = var.call_id, code, status == 200
    local body = encode(fields)
    ngx.status = status
    var.code = code
    header["Content-Length"] = #body
    header["X-Request-Id"] = fields.RequestId
    header["X-Acs-Request-Id"] = fields.RequestId
    count(code, seconds or 0)
    ngx.print(body)
end

local gateway = {}

-- Fills the shared dictionaries, before any worker is.
function gateway.prepare(given)
    settings = given
    keys:set(given.access_key, "active")
    for index = 1, given.tenants do
        local phone_number_id = ("%.0f"):format(100000000000000 + index)
        local number = ("%.0f"):format(15550000000 + index)
        local group_id = "Y2FwaV9ncm91cDox" .. phone_number_id .. "ZD0000000000Z"
        local tenant = {
            token = given.graph_token, status = "active",
            numbers = { [number] = { phone_number_id = phone_number_id, groups = { [group_id] = true } } },
        }
        assert(tenants:set(("cams-bench%06d"):format(index), encode(tenant)))
    end
end

function gateway.answer()
    local var = ngx.var
    var.call_id = request_id()
    local caller = authenticate(var.http_authorization)
    if not caller then return finish(401, "InvalidToken", {}) end
    var.access_key_id = caller.sub
    ngx.req.read_body()
    local request = decode(ngx.req.get_body_data() or "")
    local id = type(request) == "table" and request.CustSpaceId
    if not id or not is(id, "^[a-z0-9][a-z0-9-]{2,62}$") or not is(request.BusinessNumber, "^[0-9]{7,15}$")
        or not is(request.GroupId, "^[A-Za-z0-9_=-]{1,256}$") then
        return finish(400, "InvalidParameter", {})
    end
    if not caller.can["groups.read"] then return finish(403, "Forbidden.Scope", {}) end
    if not caller.tenants["*"] and not caller.tenants[id] then return finish(403, "Forbidden.Tenant", {}) end
    var.cust_space_id = id
    local now = ngx.now()
    local of_key, of_tenant = take("key:" .. caller.sub, now), take("tenant:" .. id, now)
    if not of_key or not of_tenant then return finish(429, "Throttling.User", {}) end
    local tenant = open_tenant(id)
    local number = tenant and tenant.status == "active" and tenant.numbers[request.BusinessNumber]
    if not number then return finish(404, "BusinessNumber.NotFound", {}) end
    if not number.groups[request.GroupId] then return finish(404, "Group.NotFound", {}) end
    local of_number = take("number:" .. number.phone_number_id, now)
    if not of_number then return finish(429, "Throttling.Upstream", {}) end

    var.graph_path = concat { "/v23.0/", request.GroupId, tenant.tail }
    var.graph_authorization = tenant.authorization
    local answer = ngx.location.capture("/graph", { share_all_vars = true })
    ngx.update_time()
    local seconds = ngx.now() - now
    local graph = answer.status == 200 and decode(answer.body)
    if not graph or not graph.invite_link then return finish(502, "Upstream.Unavailable", {}, seconds) end
    ngx.header["RateLimit-Policy"] = POLICY
    ngx.header["RateLimit"] = concat { '"key";r=', of_key, ', "tenant";r=', of_tenant, ', "number";r=', of_number }
    return finish(200, "OK", { InviteLink = graph.invite_link }, seconds)
end

return gateway
