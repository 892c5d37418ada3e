-- ARGV: how many, lease (ms), token, whether the token was tried before, burst, µs between tokens (0: no pace), clock
local want, lease, token, again = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4] == '1'
local burst, interval, now = tonumber(ARGV[5]), tonumber(ARGV[6]), clock(ARGV[7])
local now_ms = math.floor(now / 1000)
local jobs, admitted, garbage, allowed = {}, now, {}, want

-- A call whose answer got lost is repeated under its token, and finds what it had claimed.
if again then
  for _, member in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
    if #member == 40 and member:sub(33) == token then jobs[#jobs + 1] = member:sub(1, 32) end
  end
  if #jobs > 0 then allowed, admitted = 0, 0 end
end

-- Leases that ended: back to the front, with the expiry counted.
local expired = redis.call('ZRANGEBYSCORE', leases, '-inf', now_ms, 'LIMIT', 0, 100)
for i = #expired, 1, -1 do
  local member = expired[i]
  if member:sub(33) ~= token then
    redis.call('ZREM', leases, member)
    if #member == 40 then
      redis.call('HINCRBY', expiries, member:sub(17, 32), 1)
      enqueue('LPUSH', member:sub(1, 16), { member:sub(17, 32) })
    else
      garbage[#garbage + 1] = #member
    end
  end
end

-- Delayed jobs that fell due.
local due = redis.call('ZRANGEBYSCORE', delayed, '-inf', now_ms, 'LIMIT', 0, 200)
if #due > 0 then redis.call('ZREM', delayed, unpack(due)) end
for _, job in ipairs(due) do
  if #job == 32 then
    enqueue('RPUSH', job:sub(1, 16), { job:sub(17) })
  else
    garbage[#garbage + 1] = #job
  end
end

local closed = tonumber(redis.call('GET', gate) or 0) - now_ms
if closed > 0 then allowed = 0 end

-- The pace. `tat` never lies further ahead than a full burst, unless the clock went back. `full` is when the bucket
-- was last (nearly) full: an admission older than that has no token left to give back.
local tat, full = now, now
if interval > 0 then
  local known = redis.call('HMGET', pace, 'tat', 'full')
  tat = math.min(math.max(tonumber(known[1] or 0), now), now + math.ceil(burst * interval))
  if tat >= now + interval then full = tonumber(known[2] or 0) end
  allowed = math.max(0, math.min(allowed, math.floor(burst + (now - tat) / interval)))
end

-- Round the ring. A community's share of a call is what all of them can have; alone, it has everything.
local taken = 0
while taken < allowed and #garbage < 100 do
  local community = redis.call('LPOP', ring)
  if not community then break end
  local share = math.max(1, math.floor((allowed - taken) / (redis.call('LLEN', ring) + 1)))
  local ids = redis.call('LPOP', ready .. community, share) or {}
  if #ids == share and redis.call('EXISTS', ready .. community) == 1 then redis.call('RPUSH', ring, community) end
  for _, id in ipairs(ids) do
    if #community == 16 and #id == 16 then
      taken = taken + 1
      jobs[#jobs + 1] = community .. id
    else
      garbage[#garbage + 1] = #id
      redis.call('SREM', waiting, id)
    end
  end
end

local counts = {}
if #jobs > 0 then
  local members, ids = {}, {}
  for i, job in ipairs(jobs) do
    members[2 * i - 1] = string.format('%.0f', now_ms + lease)
    members[2 * i] = job .. token
    ids[i] = job:sub(17)
  end
  redis.call('ZADD', leases, unpack(members))
  if redis.call('EXISTS', expiries) == 1 then
    for i, count in ipairs(redis.call('HMGET', expiries, unpack(ids))) do counts[i] = tonumber(count or 0) end
  end
end
if taken > 0 and interval > 0 then
  tat = math.ceil(tat + taken * interval)
  redis.call('HSET', pace, 'tat', string.format('%.0f', tat), 'full', string.format('%.0f', full))
  redis.call('PEXPIREAT', pace, string.format('%.0f', math.ceil(tat / 1000) + 1))
end

-- How long nothing can be claimed, and whether a push (or an opened gate) would change that.
local wait, listen, vanished = 0, 0, 0
if closed > 0 or redis.call('EXISTS', ring) == 0 then
  redis.call('DEL', wake)
  wait, listen = closed > 0 and closed or 3600000, 1
  for _, set in ipairs({ delayed, leases }) do
    local first = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
    if first[2] then wait = math.max(0, math.min(wait, tonumber(first[2]) - now_ms)) end
  end
elseif #jobs >= want then
  rouse()
elseif interval > 0 then
  -- Half a burst at a time, so that a fast pace does not mean a call for every job.
  local some = math.min(want, math.max(1, math.floor(burst / 2)))
  wait = math.max(0, math.ceil((tat - now + (some - burst) * interval) / 1000))
end

-- With nothing ready, each known id is delayed or claimed. If not, lists were lost (evicted, or deleted by hand): what
-- is known is written anew, so that the ledger's due rows are absent and pushed again.
if redis.call('EXISTS', ring) == 0 then
  local known = redis.call('SCARD', waiting)
  vanished = math.max(0, known - redis.call('ZCARD', delayed) - redis.call('ZCARD', leases))
  if vanished > 0 then
    redis.call('UNLINK', waiting)
    for _, set in ipairs({ delayed, leases }) do
      for from = 0, redis.call('ZCARD', set) - 1, 1000 do
        local ids = {}
        for i, member in ipairs(redis.call('ZRANGE', set, from, from + 999)) do ids[i] = member:sub(17, 32) end
        redis.call('SADD', waiting, unpack(ids))
      end
    end
  end
end
return { admitted, wait, listen, #expired, vanished, garbage, jobs, counts }
