import { COUNTER_LUA } from './counter-lua.ts'

/**
 * Decisions in Redis, each atomic.
 *
 * KEYS: hashes with the counters of one client each; as many of them as the group has belong to one decision. ARGV: window
 * type, counting, size of a group, number of windows, then period, length in milliseconds and limit of each window, then the
 * cost of each group. A field for each period holds when the counter ends and two numbers, as in the algorithms.
 *
 * Gives the time, then for each group whether it was admitted (1 or 0) and what stood in its fields before: who asked works
 * out the rest by the same algorithms, and no number has to be written as text for it.
 */
export const COUNTER_SCRIPT = `${COUNTER_LUA}
local size, many = tonumber(ARGV[3]), tonumber(ARGV[4])
local windows, fields = {}, {}
for i = 1, many do
  local at = 2 + 3 * i
  windows[i] = { period = ARGV[at], length = tonumber(ARGV[at + 1]), limit = tonumber(ARGV[at + 2]) }
  fields[i] = ARGV[at]
end

-- what the windows of a key hold; whether all have room
local function read (stored, held)
  local room = true
  for i, shape in ipairs(windows) do
    local w = open({ field = shape.period, period = shape.period, length = shape.length, limit = shape.limit }, stored[i])
    if freeOf(w) + rounding < cost then room = false end
    held[i] = w
  end
  return room
end

local answer = { now }
for first = 1, #KEYS, size do
  cost = tonumber(ARGV[5 + 3 * many + (first - 1) / size])
  local admitted, group, place = true, {}, #answer + 1
  answer[place] = 1
  for at = first, first + size - 1 do
    local stored = redis.call('HMGET', KEYS[at], unpack(fields))
    local held = {}
    if not read(stored, held) then admitted = false end
    group[#group + 1] = held
    for i = 1, many do answer[#answer + 1] = stored[i] or '' end
  end
  if not admitted then answer[place] = 0 end
  if cost > 0 and (counting == 'always' or (admitted and counting == 'admitted')) then
    for i, held in ipairs(group) do write(KEYS[first + i - 1], held) end
  end
end
return answer
`
