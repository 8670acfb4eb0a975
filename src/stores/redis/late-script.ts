import { COUNTER_LUA } from './counter-lua.ts'

/**
 * Counts what was counted elsewhere before, each in the bucket of its time (../algorithms/late.ts).
 *
 * KEYS: hashes with the counters of one client each. ARGV: window type, counting (not looked at), number of windows, then period,
 * length in milliseconds and limit of each window, then for each key and window the three numbers that were gathered.
 *
 * Gives the time, and for each key and window the numbers that it then has.
 */
export const LATE_SCRIPT = `${COUNTER_LUA}
local many = tonumber(ARGV[3])
local windows, fields = {}, {}
for i = 1, many do
  local at = 1 + 3 * i
  windows[i] = { period = ARGV[at], length = tonumber(ARGV[at + 1]), limit = tonumber(ARGV[at + 2]) }
  fields[i] = ARGV[at]
end

local late = {}
function late.fixed (w)
  if w.told == 0 or w.told >= w.e then w.x = w.x + w.first end
end
function late.sliding (w)
  local behind = 0
  if w.told > 0 then behind = (w.e - w.told) / w.length end
  if behind < 0 then w.y = w.y + w.first + w.second
  elseif behind == 0 then w.x, w.y = w.x + w.first, w.y + w.second
  elseif behind == 1 then w.x = w.x + w.second end
end
-- it is all in the bucket already, which then has to know when it is empty
function late.gcra (w)
  cost = 0
  spend.gcra(w)
end
spendOf = late[kind]

-- what was gathered leaks from the end of its bucket on: the bucket is brought there, and on from there
if kind == 'gcra' then
  local actual = now
  local function at (w, time)
    now = math.min(time, actual)
    roll.gcra(w)
  end
  function rollOf (w)
    local start, finish = actual, actual
    if w.told > 0 then start, finish = w.told - 2 * w.length, w.told - w.length end
    at(w, start)
    w.x = w.x + w.first
    at(w, finish)
    w.x = w.x + w.second
    at(w, actual)
  end
end

local answer = { now }
for index, key in ipairs(KEYS) do
  local stored, held = redis.call('HMGET', key, unpack(fields)), {}
  for i, shape in ipairs(windows) do
    local at = 3 * ((index - 1) * many + many + i) + 1
    held[i] = open({ field = shape.period, period = shape.period, length = shape.length, limit = shape.limit,
      told = tonumber(ARGV[at]), first = tonumber(ARGV[at + 1]), second = tonumber(ARGV[at + 2]) }, stored[i])
  end
  local written = write(key, held)
  for i = 1, many do answer[#answer + 1] = written[2 * i] end
end
return answer
`
