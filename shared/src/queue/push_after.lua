-- ARGV: pairs of job and milliseconds. Answers how many the conveyor did not know.
local now, new = math.floor(clock() / 1000), 0
local first = redis.call('ZRANGE', delayed, 0, 0)[1]
for i = 1, #ARGV, 2 do
  if redis.call('SADD', waiting, ARGV[i]:sub(17)) == 1 then
    redis.call('ZADD', delayed, now + ARGV[i + 1], ARGV[i])
    new = new + 1
  end
end
if redis.call('ZRANGE', delayed, 0, 0)[1] ~= first then rouse() end
return new
