# Runs the servers of one stack and ends them when standard input ends, which is when the owner
# closes it or is gone, however it went. Talks in lines: a command comes in, one answer goes out.
#
#   run NAME           runs $home/NAME.sh to its end              -> "ran STATUS"
#   start NAME         runs $home/NAME.sh beside us               -> "started PID"
#   alive NAME         is it still running?                       -> "alive" or "gone"
#   end NAME SIGNAL    signals it, waits, kills it after a time   -> "ended"
#
# $1 is the directory in which to make the home; the first answer is "home DIRECTORY".
# A write to an owner who is gone must not end us before we have cleaned up: hence PIPE.
trap '' HUP INT TERM PIPE
umask 022
home=$(mktemp -d "$1/porchlight-XXXXXXXX") || exit 1
chmod 711 "$home"
echo "home $home"

# Sets $pid to the process of server $1, or to nothing.
find_pid() { eval "pid=\${pid_$1:-}"; }

# kill -0 tells of a child that ended as soon as the shell has reaped it, which it does while it
# waits for sleep.
end() {
    find_pid "$1"
    [ -n "$pid" ] || return 0
    kill -"$2" "$pid" 2>/dev/null
    rounds=0
    while kill -0 "$pid" 2>/dev/null; do
        rounds=$((rounds + 1))
        [ "$rounds" -le 500 ] || kill -KILL "$pid" 2>/dev/null
        sleep 0.02
    done
    wait "$pid" 2>/dev/null
    eval "pid_$1="
}

while read -r verb name signal; do
    case $verb in
    run)
        sh "$home/$name.sh" >>"$home/$name.log" 2>&1 </dev/null
        echo "ran $?"
        ;;
    start)
        sh "$home/$name.sh" >>"$home/$name.log" 2>&1 </dev/null &
        eval "pid_$name=$!"
        echo "started $!"
        ;;
    alive)
        find_pid "$name"
        if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then echo alive; else echo gone; fi
        ;;
    end)
        end "$name" "$signal"
        echo ended
        ;;
    esac
done

# QUIT stops Postgres without a checkpoint: what it would save is removed next. A postmaster that
# had to be killed takes its children along: they watch a pipe that it holds.
end postgres QUIT
end redis TERM
# A Postgres child may still be writing its last file.
until rm -rf "$home" 2>/dev/null; do sleep 0.1; done
