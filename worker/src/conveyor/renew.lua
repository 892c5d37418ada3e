-- ARGV: lease (ms), then leases. Answers the positions of those that are lost.
local score, lost = string.format('%.0f', math.floor(clock() / 1000) + ARGV[1]), {}
for i = 2, #ARGV do
  if redis.call('ZSCORE', leases, ARGV[i]) then
    redis.call('ZADD', leases, 'XX', score, ARGV[i])
  else
    lost[#lost + 1] = i - 2
  end
end
return lost
