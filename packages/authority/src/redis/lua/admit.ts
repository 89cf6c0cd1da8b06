/** The checks of a take, in the order of `admit` in ../../admit.ts. They read only; each answers a refusal or nothing. */
export const ADMIT_LUA = `
local function check_single_use(ask, now)
  local id = ask.cert_id
  if redis.call("ZSCORE", used, id) or redis.call("HEXISTS", open, id) == 1 or redis.call("HEXISTS", executions, id) == 1 then
    return { "already_used" }
  end
  if ask.exp * 1000 <= now then return { "expired" } end
end

-- Fields of the view that would revoke, by kind in the order in which kinds are looked at.
local function revoking_fields(ask)
  local kinds = { { "everything", { "*" } }, { "certificate", { ask.cert_id } }, { "subject", { ask.subject } }, { "key", ask.keys },
    { "policy", ask.policies }, { "bundle", { ask.bundle } }, { "action", { ask.action } } }
  local service, region = string.match(ask.resource, "^([^/]*)/([^/]*)$")
  if service then
    kinds[#kinds + 1] = { "resource", { ask.resource, "service:*/" .. region, service .. "/region:*", "service:*/region:*" } }
  end
  local fields, of = {}, {}
  for _, kind in ipairs(kinds) do
    for _, value in ipairs(kind[2]) do
      fields[#fields + 1] = "r:" .. kind[1] .. ":" .. value
      of[#fields] = { kind[1], value }
    end
  end
  return fields, of
end

-- The oldest revocation of the first kind that has one: each is stored as its place in the list and its order.
local function check_revocations(ask)
  local fields, of = revoking_fields(ask)
  local found = redis.call("HMGET", view_key, unpack(fields))
  local best
  for i = 1, #fields do
    if found[i] then
      local kind, value = of[i][1], of[i][2]
      local place, order = string.match(found[i], "^(%d+) (.*)$")
      place = tonumber(place)
      if not best or (best.kind == kind and place < best.place) then
        best = { kind = kind, place = place, order = order, value = value }
      elseif best.kind ~= kind then
        break
      end
    end
  end
  if best then return { "revoked_" .. best.kind, "order", best.order, "target", best.value } end
end

local function check_epochs(ask)
  local has = ask.epochs
  local floors = redis.call("HMGET", view_key, "e:global", "e:subject:" .. ask.subject, "e:policy:" .. has.policy.id)
  local pairs_of = { { "global", has.global }, { "subject", has.subject }, { "policy", has.policy.epoch } }
  local function refusal(code, i, floor)
    return { code, "epoch", pairs_of[i][1], "certificate", int(pairs_of[i][2]), "floor", int(floor) }
  end
  for i = 1, 3 do
    local floor = tonumber(floors[i] or 0)
    if pairs_of[i][2] < floor then return refusal("epoch_stale", i, floor) end
  end
  for i = 1, 3 do
    local floor = tonumber(floors[i] or 0)
    if pairs_of[i][2] > floor then return refusal("epoch_ahead", i, floor) end
  end
end

local function check_once(ask)
  for _, item in ipairs(ask.once) do
    if redis.call("ZSCORE", once, item.id) then return { "once_used", "once", item.id } end
  end
end

local function check_resource(ask)
  local holder = redis.call("HGET", busy, ask.busy)
  if holder then return { "resource_busy", "cert_id", holder } end
end

local function check_ceilings(ask, now)
  for _, ceiling in ipairs(ask.ceilings) do
    local from = now - ceiling.window_seconds * 1000
    local count = redis.call("ZCOUNT", takes_prefix .. ceiling.key, "(" .. int(from), "+inf")
    if count >= ceiling.limit then
      return { "ceiling_rate_exceeded", "ceiling", ceiling.key, "limit", int(ceiling.limit), "window_seconds", int(ceiling.window_seconds) }
    end
  end
end

-- All that has to be written, or the first refusal.
local function admit(ask)
  local view, refusal = pinned_view(ask.pin)
  if not view then return nil, refusal end
  if view.seq < ask.pin.min_seq then
    return nil, { "status_backwards", "view_seq", int(view.seq), "min_seq", int(ask.pin.min_seq) }
  end
  local at = times(view.base)
  local now = math.max(at.now, ask.pin.now_ms)
  refusal = check_single_use(ask, now) or check_revocations(ask) or check_epochs(ask) or check_once(ask)
    or check_resource(ask) or check_ceilings(ask, now)
  if refusal then return nil, refusal end
  return { at = at, now = now, seq = view.seq, deadline = now + ask.life_ms }
end
`;
