/**
 * One decision in Redis, atomic: the three algorithms of src/stores/algorithms, by the clock of Redis.
 *
 * KEYS: the hash of one client's counters. ARGV: window type, cost, counting, then period, length in milliseconds and limit
 * of each window. A field for each period holds when the counter ends and two numbers, as in the algorithms.
 * Gives whether it was admitted (1 or 0), then remaining, reset and wait of each window as texts, since numbers would lose
 * their fractions; a wait of -1 is for ever.
 */
export const COUNTER_SCRIPT = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local kind, cost, counting = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local rounding = 1e-9

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

local roll, free, wait, reset, spend = {}, {}, {}, {}, {}

function roll.fixed (w)
  if now < w.e then return end
  if w.period == 'month' or w.period == 'year' then w.e = calendarEnd(w.period)
  else w.e = (math.floor(now / w.length) + 1) * w.length end
  w.x = 0
end
function free.fixed (w) return w.limit - w.x end
function wait.fixed (w) return w.e - now end
function reset.fixed (w) return w.e - now end
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
function wait.sliding (w)
  local room = w.limit - cost - w.y
  if room >= 0 then return left(w) - w.length * room / w.x end
  return left(w) + w.length * (1 - (w.limit - cost) / w.y)
end
reset.sliding = left
function spend.sliding (w) w.y = w.y + cost end

function roll.gcra (w)
  local since = now - w.y
  if since <= 0 then return end
  w.x = math.max(0, w.x - since * w.limit / w.length)
  w.y = now
end
function free.gcra (w) return w.limit - w.x end
function wait.gcra (w) return (w.x + cost - w.limit) * w.length / w.limit end
function reset.gcra (w) return w.x * w.length / w.limit end
function spend.gcra (w)
  w.x = w.x + cost
  w.e = w.y + w.x * w.length / w.limit
end

local windows, fields = {}, {}
for i = 4, #ARGV, 3 do
  windows[#windows + 1] = { period = ARGV[i], length = tonumber(ARGV[i + 1]), limit = tonumber(ARGV[i + 2]), e = 0, x = 0, y = 0 }
  fields[#fields + 1] = ARGV[i]
end
local stored = redis.call('HMGET', KEYS[1], unpack(fields))
local admitted = true
for i, w in ipairs(windows) do
  if stored[i] then
    local e, x, y = string.match(stored[i], '(%S+) (%S+) (%S+)')
    w.e, w.x, w.y = tonumber(e), tonumber(x), tonumber(y)
  end
  roll[kind](w)
  if free[kind](w) + rounding < cost then admitted = false end
end

local count = cost > 0 and (counting == 'always' or (admitted and counting == 'admitted'))
local answer = { admitted and 1 or 0 }
local write, last = {}, 0
for _, w in ipairs(windows) do
  local waits = 0
  if free[kind](w) + rounding < cost then
    if cost > w.limit then waits = -1
    else waits = math.max(1, math.ceil(wait[kind](w) - rounding * w.length / w.limit)) end
  end
  if count then
    spend[kind](w)
    write[#write + 1] = w.period
    write[#write + 1] = string.format('%.17g %.17g %.17g', w.e, w.x, w.y)
    last = math.max(last, w.e)
  end
  answer[#answer + 1] = string.format('%.6f', math.max(0, free[kind](w)))
  answer[#answer + 1] = string.format('%.3f', reset[kind](w))
  answer[#answer + 1] = string.format('%d', waits)
end
if count then
  redis.call('HSET', KEYS[1], unpack(write))
  if now + redis.call('PTTL', KEYS[1]) < last then redis.call('PEXPIREAT', KEYS[1], string.format('%d', math.ceil(last))) end
end
return answer
`
