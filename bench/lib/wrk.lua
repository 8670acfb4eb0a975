-- The request comes from the environment; the summary leaves as one line of JSON.
local body = os.getenv("BENCH_BODY")
if body then
  wrk.method = "POST"
  wrk.body = body
  wrk.headers["Content-Type"] = "application/json"
end

-- A field whose value changes with each request: made before the load, so that it costs nothing then.
local values = os.getenv("BENCH_FIELD_VALUES")
if values then
  local requests, at = {}, 0
  init = function ()
    for value in io.lines(values) do
      requests[#requests + 1] = wrk.format(nil, nil, { [os.getenv("BENCH_FIELD_NAME")] = value, ["Host"] = wrk.headers["Host"], ["Content-Type"] = wrk.headers["Content-Type"] })
    end
  end
  request = function ()
    at = at % #requests + 1
    return requests[at]
  end
end

done = function (summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"bytes":%d,"status":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}\n',
    summary.requests, summary.duration, summary.bytes,
    errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
