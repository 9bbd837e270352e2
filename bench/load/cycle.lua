-- Asks for COUNT addresses in turn, over and over: arguments are what stands before and after the four digits, and COUNT.
dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "report.lua")

local before, after, count
local at = 0

function init(args)
  before, after, count = args[1], args[2], tonumber(args[3])
end

function request()
  at = (at + 1) % count
  return wrk.format("GET", string.format("%s%04d%s", before, at, after))
end
