/**
 * What the broker's operations share: the pinned view, the signed time, open entries.
 *
 * KEYS: used, once, open, busy, windows, executions, execution times, marks. ARGV: operation, name of the view, prefix of the ceilings'
 * takes, then what the operation asks. The view is no KEY because EVAL wants write permission on every one of those, and a broker may
 * only read it; all names share one hash tag.
 *
 * Numbers go out through `int`: Lua and cjson print large ones rounded. What is stored as JSON is written by the client and never
 * encoded anew here, since cjson confuses empty lists with empty objects.
 */
export const SHARED_LUA = `
local view_key, takes_prefix = ARGV[2], ARGV[3]
local used, once, open, busy, windows = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local executions, execution_times, marks = KEYS[6], KEYS[7], KEYS[8]

local function int(number)
  return string.format("%.0f", number)
end

local function run_id()
  return string.match(redis.call("INFO", "server"), "run_id:(%w+)")
end

-- The view's place, or the refusal: another run, another generation, or no view at all.
local function pinned_view(pin)
  local stored = redis.call("HMGET", view_key, "run_id", "generation", "seq", "base")
  local run = run_id()
  if not stored[1] then return nil, { "store_discontinuity", "why", "no_view" } end
  if stored[1] ~= run then return nil, { "store_discontinuity", "why", "view_of_earlier_run" } end
  if pin.run_id ~= run then return nil, { "store_discontinuity", "why", "status_of_other_run" } end
  if pin.generation ~= tonumber(stored[2]) then return nil, { "store_discontinuity", "why", "other_generation" } end
  return { seq = tonumber(stored[3]), base = tonumber(stored[4]) }
end

-- The largest signed time and that of the last pruning. Both begin anew when the view's base passed the one they were counted from:
-- the base moves only with a generation that kills every earlier certificate.
local function times(base)
  local stored = redis.call("HMGET", marks, "now_ms", "pruned_ms", "base")
  local counted = tonumber(stored[3] or 0)
  if base > counted then return { now = 0, pruned = 0, base = base } end
  return { now = tonumber(stored[1] or 0), pruned = tonumber(stored[2] or 0), base = counted }
end

-- An open entry: born, fence, seq, deadline, boot, broker, resource, attempt, and the client's text, which never changes.
local function entry_of(cert_id)
  local text = redis.call("HGET", open, cert_id)
  return text and cjson.decode(text)
end

local function entry_text(e)
  local numbers = int(e[1]) .. "," .. int(e[2]) .. "," .. int(e[3]) .. "," .. int(e[4]) .. "," .. int(e[5])
  local texts = cjson.encode(e[6]) .. "," .. cjson.encode(e[7]) .. "," .. cjson.encode(e[8]) .. "," .. cjson.encode(e[9])
  return "[" .. numbers .. "," .. texts .. "]"
end

local function next_fence()
  return tonumber(redis.call("HGET", marks, "fence") or 0) + 1
end

local function remember(cert_id, text, now)
  redis.call("HSET", executions, cert_id, text)
  redis.call("ZADD", execution_times, int(now), cert_id)
end
`;
