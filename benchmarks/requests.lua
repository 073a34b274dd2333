-- What wrk asks for: the paths of a file, each thread its own share of them, from a given place on; at the end one line of JSON.
--   wrk … -s requests.lua URL -- FILE FIRST [HEADER VALUE]...

local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(args)
  paths, headers, served = {}, {}, 0
  for line in io.lines(args[1]) do
    paths[#paths + 1] = line
  end
  for at = 3, #args - 1, 2 do
    headers[args[at]] = args[at + 1]
  end
  -- Shares are interleaved: the threads walk the list together.
  place = tonumber(args[2]) + number
end

function request()
  local path = paths[place % #paths + 1]
  place = place + 2
  served = served + 1
  return wrk.format("GET", path, headers)
end

function done(summary, latency, requests)
  local asked = 0
  for _, thread in ipairs(threads) do
    asked = asked + thread:get("served")
  end
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "asked": %d, "microseconds": %d, "bytes": %d, "p50_us": %d, "p99_us": %d, "max_us": %d, '
      .. '"refused": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d}\n',
    summary.requests, asked, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99), latency.max,
    errors.status, errors.connect, errors.read, errors.write, errors.timeout
  ))
end
