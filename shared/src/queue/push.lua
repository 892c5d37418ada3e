-- ARGV: community, delivery ids. Answers how many the conveyor did not know.
local community, ids, new = ARGV[1], {}, 0
for i = 2, #ARGV do
  local id = ARGV[i]
  if redis.call('SADD', waiting, id) == 1 then
    new = new + 1
    ids[#ids + 1] = id
  elseif redis.call('ZREM', delayed, community .. id) == 1 then
    ids[#ids + 1] = id
  end
end
if #ids > 0 then
  enqueue('RPUSH', community, ids)
  -- Only if somebody deleted the ring is the community not there; then this brings its list back.
  if not redis.call('LPOS', ring, community, 'RANK', -1) then redis.call('RPUSH', ring, community) end
  rouse()
end
return new
