-- ARGV: burst, µs between tokens, clock, then triples: lease, fate ('done', 'back' or milliseconds), and when the admission
-- was whose token was not used (0: it was). Answers how many leases were still held, and how many tokens came back.
local burst, interval, now = tonumber(ARGV[1]), tonumber(ARGV[2]), clock(ARGV[3])
local known = redis.call('HMGET', pace, 'tat', 'full')
local first = redis.call('ZRANGE', delayed, 0, 0)[1]
local settled, tokens, done, back = 0, 0, {}, false
for i = 4, #ARGV, 3 do
  local member, fate, admitted = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  if redis.call('ZREM', leases, member) == 1 then
    settled = settled + 1
    if fate == 'done' then
      done[#done + 1] = member:sub(17, 32)
    elseif fate == 'back' then
      enqueue('LPUSH', member:sub(1, 16), { member:sub(17, 32) })
      back = true
    else
      redis.call('ZADD', delayed, string.format('%.0f', math.floor(now / 1000) + fate), member:sub(1, 32))
      -- Its handler answered: whatever ended leases before, it was not this job.
      redis.call('HDEL', expiries, member:sub(17, 32))
    end
    -- One that has flowed back by itself since does not come back twice.
    if known[1] and admitted >= math.max(known[2], now - burst * interval) then tokens = tokens + 1 end
  end
end
if #done > 0 then
  redis.call('SREM', waiting, unpack(done))
  redis.call('HDEL', expiries, unpack(done))
end
if tokens > 0 then
  redis.call('HSET', pace, 'tat', string.format('%.0f', math.ceil(known[1] - tokens * interval)))
end
if back or redis.call('ZRANGE', delayed, 0, 0)[1] ~= first then rouse() end
return { settled, tokens }
