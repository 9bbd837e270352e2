-- Three downloads of a blob to one upload of another: POST, then PUT with all of it. Arguments: the path of the blob, the
-- path that opens an upload, a file with what all bodies begin with, and one with lines of an ending and a digest.
-- Prints report.lua's line, and how many of each were answered.
dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "report.lua")

pulls, pushes = 0, 0
local threads = {}
local blob, uploads, base
local bodies, opened = {}, {}
local turn, used = 0, 0

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  blob, uploads = args[1], args[2]
  base = assert(io.open(args[3], "rb")):read("*a")
  for line in io.lines(args[4]) do
    local ending, digest = line:match("^(%S+) (%S+)$")
    table.insert(bodies, { ending = ending, digest = digest })
  end
end

function request()
  local session = table.remove(opened)
  if session then
    used = used % #bodies + 1
    local path = session .. (session:find("?", 1, true) and "&" or "?") .. "digest=" .. bodies[used].digest
    return wrk.format("PUT", path, nil, base .. bodies[used].ending)
  end
  turn = (turn + 1) % 4
  if turn == 0 then return wrk.format("POST", uploads, nil, "") end
  return wrk.format("GET", blob)
end

function response(status, headers, body)
  if status == 200 then
    pulls = pulls + 1
  elseif status == 201 then
    pushes = pushes + 1
  elseif status == 202 then
    local location = headers["Location"] or headers["location"]
    table.insert(opened, (location:gsub("^https?://[^/]+", "")))
  end
end

local report = done

function done(summary, latency, requests)
  report(summary, latency, requests)
  for _, thread in ipairs(threads) do
    io.write(string.format("pulls %d pushes %d\n", thread:get("pulls"), thread:get("pushes")))
  end
end
