-- What wrk posts: the lines of a file as JSON, each with an Idempotency-Key of its own; at the end one line of JSON.
--   wrk … -s posts.lua URL -- PATH FILE

local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(args)
  path, bodies, served = args[1], {}, 0
  for line in io.lines(args[2]) do
    bodies[#bodies + 1] = line
  end
  math.randomseed(os.time() * 1000 + number)
end

function request()
  served = served + 1
  local key = {}
  for at = 1, 4 do
    key[at] = string.format("%08x", math.random(0, 2147483647))
  end
  local headers = { ["Content-Type"] = "application/json", ["Idempotency-Key"] = table.concat(key) }
  return wrk.format("POST", path, headers, bodies[math.random(#bodies)])
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "asked": 0, "microseconds": %d, "bytes": %d, "p50_us": %d, "p99_us": %d, "max_us": %d, '
      .. '"refused": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d}\n',
    summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99), latency.max,
    errors.status, errors.connect, errors.read, errors.write, errors.timeout
  ))
end
