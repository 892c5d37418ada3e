local ready, ring, waiting, delayed, leases, expiries, pace, gate, wake = unpack(KEYS)

-- Only this server's clock decides; tests pass an instant to hold it still. Microseconds.
local function clock(fixed)
  if fixed and fixed ~= '' then return tonumber(fixed) end
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

-- A community stands in the ring if and only if its ready list has elements.
local function enqueue(command, community, ids)
  if redis.call(command, ready .. community, unpack(ids)) == #ids then
    redis.call('RPUSH', ring, community)
  end
end

-- One element is enough: as long as it lies there, nobody is asleep.
local function rouse()
  if redis.call('EXISTS', wake) == 0 then redis.call('RPUSH', wake, 1) end
end

