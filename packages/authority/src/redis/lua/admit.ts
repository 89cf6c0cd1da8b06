/** The checks of a take, in the order of `admit` in ../../admit.ts. They read only; each answers a refusal or nothing. */
export const ADMIT_LUA = `
local function check_single_use(ask, now)
  local id = ask.cert_id
  if redis.call("ZSCORE", used, id) or redis.call("HEXISTS", open, id) == 1 or redis.call("HEXISTS", executions, id) == 1 then
    return { "already_used" }
  end
  if ask.exp * 1000 <= now then return { "expired" } end
end

-- The oldest revocation of the first kind that has one: each is stored as its place in the list and its order. What to look up comes with
-- the request, as { kind, value, field } in the order of kinds (see targetsNaming in ../../standing.ts).
local function check_revocations(ask)
  local fields = {}
  for i, naming in ipairs(ask.revoking) do fields[i] = naming[3] end
  local found = redis.call("HMGET", view_key, unpack(fields))
  local best
  for i = 1, #fields do
    if found[i] then
      local kind, value = ask.revoking[i][1], ask.revoking[i][2]
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

-- What the certificate has against its floors, as { name, field, has } (see epochsNaming in ../../epochs.ts).
local function check_epochs(ask)
  local fields = {}
  for i, epoch in ipairs(ask.epochs) do fields[i] = epoch.field end
  local floors = redis.call("HMGET", view_key, unpack(fields))
  local function refusal(code, epoch, floor)
    return { code, "epoch", epoch.name, "certificate", int(epoch.has), "floor", int(floor) }
  end
  for i, epoch in ipairs(ask.epochs) do
    local floor = tonumber(floors[i] or 0)
    if epoch.has < floor then return refusal("epoch_stale", epoch, floor) end
  end
  for i, epoch in ipairs(ask.epochs) do
    local floor = tonumber(floors[i] or 0)
    if epoch.has > floor then return refusal("epoch_ahead", epoch, floor) end
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
