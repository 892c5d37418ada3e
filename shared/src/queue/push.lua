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
  rouse()
end
return new
