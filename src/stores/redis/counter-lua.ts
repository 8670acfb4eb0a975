/**
 * The three algorithms of src/stores/algorithms in Lua, by the clock of Redis: what the scripts have in common.
 *
 * ARGV[1]: window type, ARGV[2]: counting. Each window is a table with its field, period, length in milliseconds and limit; `e`
 * is when its counter ends, `x` and `y` the two numbers of the algorithm. A client's counters are one hash.
 */
export const COUNTER_LUA = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local kind, counting = ARGV[1], ARGV[2]
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

-- a window with what is stored of it, brought to now
local function open (w, stored)
  w.e, w.x, w.y = 0, 0, 0
  if stored then
    local e, x, y = string.match(stored, '(%S+) (%S+) (%S+)')
    w.e, w.x, w.y = tonumber(e), tonumber(x), tonumber(y)
  end
  w.ended = w.e
  rollOf(w)
  return w
end

local function write (key, held)
  local values, last, later = {}, 0, false
  for i, w in ipairs(held) do
    if w.cost then cost = w.cost end
    spendOf(w)
    values[2 * i - 1] = w.field
    values[2 * i] = string.format('%.17g %.17g %.17g', w.e, w.x, w.y)
    last = math.max(last, w.e)
    if w.e > w.ended then later = true end
  end
  redis.call('HSET', key, unpack(values))
  -- the key lives as long as its longest window; it does already where no window has a later end than before
  if later and now + redis.call('PTTL', key) < last then redis.call('PEXPIREAT', key, string.format('%d', math.ceil(last))) end
  return values
end
`
