/**
 * Decisions in Redis, each atomic: the three algorithms of src/stores/algorithms, by the clock of Redis.
 *
 * KEYS: hashes with the counters of one client each; as many of them as the group has belong to one decision. ARGV: window
 * type, counting, size of a group, number of windows, then period, length in milliseconds and limit of each window, then the
 * cost of each group. A field for each period holds when the counter ends and two numbers, as in the algorithms.
 *
 * Gives the time, then for each group whether it was admitted (1 or 0) and what stood in its fields before: who asked works
 * out the rest by the same algorithms, and no number has to be written as text for it.
 */
export const COUNTER_SCRIPT = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local kind, counting, size, many = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local rounding = 1e-9
local cost

local function days (year, month)
  if month <= 2 then year = year - 1 end
  local era = math.floor(year / 400)
  local ofEra = year - era * 400
  local ofYear = math.floor((153 * ((month + 9) % 12) + 2) / 5)
  return era * 146097 + ofEra * 365 + math.floor(ofEra / 4) - math.floor(ofEra / 100) + ofYear - 719468
end
local function calendarEnd (period)
  local z = math.floor(now / 86400000) + 719468
  local era = math.floor(z / 146097)
  local ofEra = z - era * 146097
  local ye = math.floor((ofEra - math.floor(ofEra / 1460) + math.floor(ofEra / 36524) - math.floor(ofEra / 146096)) / 365)
  local ofYear = ofEra - (365 * ye + math.floor(ye / 4) - math.floor(ye / 100))
  local month = (math.floor((5 * ofYear + 2) / 153) + 2) % 12 + 1
  local year = ye + era * 400
  if month <= 2 then year = year + 1 end
  if period == 'year' then return days(year + 1, 1) * 86400000 end
  if month == 12 then return days(year + 1, 1) * 86400000 end
  return days(year, month + 1) * 86400000
end

local roll, free, spend = {}, {}, {}

function roll.fixed (w)
  if now < w.e then return end
  if w.period == 'month' or w.period == 'year' then w.e = calendarEnd(w.period)
  else w.e = (math.floor(now / w.length) + 1) * w.length end
  w.x = 0
end
function free.fixed (w) return w.limit - w.x end
function spend.fixed (w) w.x = w.x + cost end

local function left (w) return math.min(w.length, w.e - w.length - now) end
function roll.sliding (w)
  local start = math.floor(now / w.length) * w.length
  local known = w.e - 2 * w.length
  if start <= known then return end
  if start == known + w.length then w.x = w.y else w.x = 0 end
  w.y = 0
  w.e = start + 2 * w.length
end
function free.sliding (w) return w.limit - w.y - w.x * left(w) / w.length end
function spend.sliding (w) w.y = w.y + cost end

function roll.gcra (w)
  local since = now - w.y
  if since <= 0 then return end
  w.x = math.max(0, w.x - since * w.limit / w.length)
  w.y = now
end
function free.gcra (w) return w.limit - w.x end
function spend.gcra (w)
  w.x = w.x + cost
  w.e = w.y + w.x * w.length / w.limit
end

local rollOf, freeOf, spendOf = roll[kind], free[kind], spend[kind]

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
    local w = { period = shape.period, length = shape.length, limit = shape.limit, e = 0, x = 0, y = 0 }
    if stored[i] then
      local e, x, y = string.match(stored[i], '(%S+) (%S+) (%S+)')
      w.e, w.x, w.y = tonumber(e), tonumber(x), tonumber(y)
    end
    w.ended = w.e
    rollOf(w)
    if freeOf(w) + rounding < cost then room = false end
    held[i] = w
  end
  return room
end

local function write (key, held)
  local values, last, later = {}, 0, false
  for i, w in ipairs(held) do
    spendOf(w)
    values[2 * i - 1] = w.period
    values[2 * i] = string.format('%.17g %.17g %.17g', w.e, w.x, w.y)
    last = math.max(last, w.e)
    if w.e > w.ended then later = true end
  end
  redis.call('HSET', key, unpack(values))
  -- the key lives as long as its longest window; it does already where no window has a later end than before
  if later and now + redis.call('PTTL', key) < last then redis.call('PEXPIREAT', key, string.format('%d', math.ceil(last))) end
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
