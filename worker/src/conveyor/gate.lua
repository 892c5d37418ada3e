-- ARGV: milliseconds. A gate that is closed for longer stays so. Answers how long it is closed now.
local now = math.floor(clock() / 1000)
local closed = math.max(tonumber(redis.call('GET', gate) or 0), now + ARGV[1])
if closed > now then redis.call('SET', gate, string.format('%.0f', closed), 'PX', closed - now) end
return closed - now
