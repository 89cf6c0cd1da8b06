import { EXECUTIONS_KEPT_MS, ONCE_MARGIN_MS, PRUNE_EVERY_MS, USED_MARGIN_MS } from "../../apply.js";
import { ADMIT_LUA } from "./admit.js";
import { SHARED_LUA } from "./shared.js";

/**
 * What a take writes; mirrors `apply` in ../../apply.ts. Every check comes before the first write: a server that may not write (memory,
 * replicas, disk) refuses a script there, so that nothing is half written.
 */
const TAKE_LUA = `
-- Scores strictly below a bound that is exact as a double.
local function below(number)
  return "(" .. string.format("%.17g", number)
end

local function forget_closed(ids, forget)
  for _, id in ipairs(ids) do
    if redis.call("HEXISTS", open, id) == 0 then forget(id) end
  end
end

local function prune(now)
  redis.call("HSET", marks, "pruned_ms", int(now))
  forget_closed(redis.call("ZRANGEBYSCORE", used, "-inf", below((now - ${USED_MARGIN_MS}) / 1000)), function(id)
    redis.call("ZREM", used, id)
  end)
  redis.call("ZREMRANGEBYSCORE", once, "-inf", below((now - ${ONCE_MARGIN_MS}) / 1000))
  forget_closed(redis.call("ZRANGEBYSCORE", execution_times, "-inf", below(now - ${EXECUTIONS_KEPT_MS})), function(id)
    redis.call("HDEL", executions, id)
    redis.call("ZREM", execution_times, id)
  end)
  local known = redis.call("HGETALL", windows)
  for i = 1, #known, 2 do
    local takes, from = takes_prefix .. known[i], now - tonumber(known[i + 1])
    if redis.call("ZCOUNT", takes, "(" .. int(from), "+inf") == 0 then
      redis.call("ZREMRANGEBYSCORE", takes, "-inf", "+inf")
      redis.call("HDEL", windows, known[i])
    end
  end
end

local function count_take(ask, fence, now)
  for i, ceiling in ipairs(ask.ceilings) do
    local takes, window = takes_prefix .. ceiling.key, ceiling.window_seconds * 1000
    window = math.max(window, tonumber(redis.call("HGET", windows, ceiling.key) or 0))
    redis.call("HSET", windows, ceiling.key, int(window))
    redis.call("ZREMRANGEBYSCORE", takes, "-inf", int(now - window))
    redis.call("ZADD", takes, int(now), int(fence) .. ":" .. int(i))
  end
end

-- ARGV: what is asked, the entry's text, the execution's text up to what is known only here.
local function take(ask, writes)
  local plan, refusal = admit(ask)
  if not plan then return refusal end
  if not writes then return { "ok", int(plan.seq), int(plan.deadline) } end
  local id, now, fence = ask.cert_id, plan.now, next_fence()
  redis.call("HSET", marks, "fence", int(fence), "now_ms", int(now), "pruned_ms", int(plan.at.pruned), "base", int(plan.at.base))
  redis.call("ZADD", used, int(ask.exp), id)
  for _, item in ipairs(ask.once) do redis.call("ZADD", once, int(item["until"]), item.id) end
  redis.call("HSET", open, id, entry_text({ fence, fence, plan.seq, plan.deadline, ask.boot, ask.broker, ask.busy, ask.attempt, ARGV[5] }))
  redis.call("HSET", busy, ask.busy, id)
  count_take(ask, fence, now)
  remember(id, ARGV[6] .. ',"decided_at_ms":' .. int(now) .. ',"fence":' .. int(fence) .. "}}", now)
  if now - plan.at.pruned >= ${PRUNE_EVERY_MS} then prune(now) end
  return { "ok", int(plan.seq), int(plan.deadline), int(fence) }
end
`;

/** Takeover and words on an open entry; mirrors ../../transitions.ts. */
const ENTRIES_LUA = `
local function held(ask)
  local e = entry_of(ask.cert_id)
  if e and e[2] == ask.fence then return e end
end

local function take_over(ask)
  local view, refusal = pinned_view(ask.pin)
  if not view then return refusal end
  if view.seq < ask.pin.min_seq then return { "store_discontinuity", "why", "view_behind_status" } end
  local e = held(ask)
  if not e then return { "fence_lost", "cert_id", ask.cert_id } end
  local at = times(view.base)
  local now, fence = math.max(at.now, ask.pin.now_ms), next_fence()
  redis.call("HSET", marks, "fence", int(fence), "now_ms", int(now), "pruned_ms", int(at.pruned), "base", int(at.base))
  local text = entry_text({ e[1], fence, e[3], now + ask.life_ms, ask.boot, ask.broker, e[7], ask.attempt, e[9] })
  redis.call("HSET", open, ask.cert_id, text)
  return { "ok", text }
end

-- ARGV: what is asked, the execution's text.
local function word(ask, closes)
  local e = held(ask)
  if not e then return { "fence_lost", "cert_id", ask.cert_id } end
  local at = times(tonumber(redis.call("HGET", view_key, "base") or 0))
  remember(ask.cert_id, ARGV[5], at.now)
  if closes then
    redis.call("HDEL", open, ask.cert_id)
    redis.call("HDEL", busy, e[7])
  end
  return { "ok" }
end
`;

const DISPATCH_LUA = `
local op, ask = ARGV[1], cjson.decode(ARGV[4])
if op == "take" then return take(ask, true) end
if op == "peek" then return take(ask, false) end
if op == "take_over" then return take_over(ask) end
if op == "note" then return word(ask, false) end
if op == "close" then return word(ask, true) end
return redis.error_reply("unknown operation")
`;

/** The one script of the brokers: decides and writes in one atomic step. */
export const BROKER_SCRIPT = [SHARED_LUA, ADMIT_LUA, TAKE_LUA, ENTRIES_LUA, DISPATCH_LUA].join("\n");
