# Runs a program that must not outlive whoever started it: ends it when standard input closes, however that came
# about. Says the program's process id first; ends as the program ends.
exec 3<&0
"$@" </dev/null >&2 3<&- &
child=$!
echo "$child"
(
    cat <&3 >/dev/null
    kill -TERM "$child" 2>/dev/null
    rounds=0
    while kill -0 "$child" 2>/dev/null && [ "$rounds" -lt 350 ]; do
        rounds=$((rounds + 1))
        sleep 0.1
    done
    kill -KILL "$child" 2>/dev/null
) >/dev/null 2>&1 &
watcher=$!
exec 3<&-
wait "$child"
status=$?
# Its process id is free now: nobody may be signalled by it any more.
kill "$watcher" 2>/dev/null
exit "$status"
