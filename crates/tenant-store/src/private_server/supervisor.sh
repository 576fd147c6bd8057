# Starts a PostgreSQL server and ends it when standard input ends, that is when the process that holds
# the other side is gone, however it went.
#
#   sh supervisor.sh SIGNAL REMOVE COMMAND [ARGUMENT...]
#
# SIGNAL  ends the server: INT (fast shutdown) or QUIT (immediate shutdown)
# REMOVE  a directory to remove afterwards, or nothing
#
# The server's process ID goes to standard output, which the server keeps open: it ends with the server.

signal=$1 remove=$2
shift 2

# Ctrl-C, a closed terminal or a signal to the whole group must not leave the server alone.
trap '' HUP INT TERM

"$@" </dev/null &
server=$!
echo "$server"
exec >/dev/null 2>&1

read -r nothing

# Again and again, since a server that is just starting does not listen to signals yet; and not for ever.
insist() {
    tries=0
    while kill -s "$signal" "$server"; do
        tries=$((tries + 1))
        [ "$tries" -lt 20 ] || signal=QUIT
        sleep 0.1
    done
}

insist &
insisting=$!
wait "$server"
kill -s KILL "$insisting"

[ -z "$remove" ] || rm -rf "$remove"
