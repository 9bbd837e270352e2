-- Walks a paged list from its first page to its last, over and over: each request follows the page before it, by
-- the Link header or by nextPageToken. Prints report.lua's line, and how far the walks went.
dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "report.lua")

local first, path
pages, walks, longest = 0, 0, 0
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  first = args[1]
  path = first
end

function request()
  return wrk.format("GET", path)
end

function response(status, headers, body)
  pages = pages + 1
  local link = headers["Link"] or headers["link"]
  local following = link and link:match("<([^>]+)>")
  local token = not following and body:match('"nextPageToken": *"([^"]+)"')
  if following then
    path = following:gsub("^https?://[^/]+", "")
  elseif token then
    path = first .. "&pageToken=" .. token:gsub("[^%w%-_.~]", function(c) return string.format("%%%02X", c:byte()) end)
  else
    path = first
    walks = walks + 1
    if pages > longest then longest = pages end
    pages = 0
  end
end

local report = done

function done(summary, latency, requests)
  report(summary, latency, requests)
  for _, thread in ipairs(threads) do
    io.write(string.format("walks %d pages %d\n", thread:get("walks"), thread:get("longest")))
  end
end
