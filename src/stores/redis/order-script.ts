import { COUNTER_LUA } from './counter-lua.ts'

/**
 * Several limits of one client in Redis, atomic: what one of them refuses is counted in none.
 *
 * KEYS: the hash with the client's counters. ARGV: window type, counting, number of windows, then field, period, length in
 * milliseconds, limit and cost of each.
 *
 * Gives the time, whether every window that has a cost has something left (1 or 0), and what stood in each field before.
 */
export const ORDER_SCRIPT = `${COUNTER_LUA}
local fields, windows = {}, {}
for i = 1, tonumber(ARGV[3]) do
  local at = 5 * i - 1
  fields[i] = ARGV[at]
  windows[i] = { field = ARGV[at], period = ARGV[at + 1], length = tonumber(ARGV[at + 2]), limit = tonumber(ARGV[at + 3]), cost = tonumber(ARGV[at + 4]) }
end

local stored = redis.call('HMGET', KEYS[1], unpack(fields))
local answer, spending, left = { now, 1 }, {}, true
for i, w in ipairs(windows) do
  open(w, stored[i])
  if w.cost > 0 then
    spending[#spending + 1] = w
    if freeOf(w) + rounding < math.min(1, w.limit) then left = false end
  end
  answer[i + 2] = stored[i] or ''
end
if not left then answer[2] = 0 end
if left and counting == 'while-left' and #spending > 0 then write(KEYS[1], spending) end
return answer
`
