/** Most fields of one HSET: Lua's `unpack` is bounded. */
const CHUNK = 4000;

/**
 * The one script of the revocation service: replaces the view whole, forward only.
 *
 * KEYS: the view. ARGV: generation, seq, epochs as JSON, then all fields of the new hash, names and values in turn. The base of the signed
 * time moves to the new generation when that raises the global epoch (see `applyView` in ../../apply.ts); otherwise it stays.
 */
export const VIEW_SCRIPT = `
local key = KEYS[1]
local generation, seq, epochs = tonumber(ARGV[1]), tonumber(ARGV[2]), cjson.decode(ARGV[3])

local function fell(before, after)
  for name, value in pairs(before) do
    if (after[name] or 0) < value then return true end
  end
  return false
end

local stored = redis.call("HMGET", key, "generation", "seq", "epochs", "base")
local base = 0
if stored[1] then
  local stored_generation, stored_seq = tonumber(stored[1]), tonumber(stored[2])
  if generation < stored_generation or (generation == stored_generation and seq <= stored_seq) then
    return { "status_backwards", "why", "not_later" }
  end
  local before = cjson.decode(stored[3])
  if epochs.global < before.global or fell(before.subject, epochs.subject) or fell(before.policy, epochs.policy) then
    return { "status_backwards", "why", "epoch_falls" }
  end
  base = tonumber(stored[4] or 0)
  if generation > stored_generation and epochs.global > before.global then base = generation end
end

redis.call("DEL", key)
for from = 4, #ARGV, ${CHUNK} do
  redis.call("HSET", key, unpack(ARGV, from, math.min(from + ${CHUNK} - 1, #ARGV)))
end
redis.call("HSET", key, "base", string.format("%.0f", base))
return { "ok" }
`;
