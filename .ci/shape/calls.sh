# Sourced by deploy/shape and .ci/alerts/run: calls through the balancer, one or many at a steady pace, and what became of them.
# $balancer is its address, $key_id and $key_secret, $tenant and $number are whose calls they are.

# How long a call may take, in seconds, and the pause between two of those at a steady pace.
readonly PATIENCE=30
readonly PAUSE=0.05

# curl, as the backend.
as_backend() {
    printf 'user = "%s:%s"\n' "$key_id" "$key_secret" | curl --silent --show-error --max-time "$PATIENCE" --config - "$@"
}

# Calls an operation; the body's fields follow those that name tenant and number, and what follows is curl's.
call() {
    local operation=$1 fields=$2
    shift 2
    as_backend "$balancer/v1/$operation" --header 'Content-Type: application/json' \
        --data "{\"CustSpaceId\": \"$tenant\", \"BusinessNumber\": \"$number\"${fields:+, $fields}}" "$@"
}

# One string of a JSON object.
field() { sed --quiet "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" | head -1; }

# Makes a call and writes a line: what follows is its kind, its name, and the call.
record() {
    local kind=$1 name=$2 answer
    shift 2
    answer=$("$@" --write-out '\n%{http_code}' 2>&1 | tr '\n' ' ') || true
    printf '%s %s %s\n' "$kind" "$name" "$answer" >>"$home/calls/$phase"
}

# Until they are told to end: of four calls two read a link at Meta, one asks who the caller is, and one makes a group.
make_calls() {
    local nth=0
    while [ ! -e "$home/calls/$phase.end" ]; do
        nth=$((nth + 1))
        case $((nth % 4)) in
            0) record write "$phase-$nth" call AddChatGroup "\"Subject\": \"order $phase-$nth.\", \"WaitSeconds\": 20" & ;;
            1) record read "$phase-$nth" as_backend "$balancer/v1/whoami" & ;;
            *) record read "$phase-$nth" call GetChatGroupInviteLink "\"GroupId\": \"$group\"" & ;;
        esac
        sleep "$PAUSE"
    done
    wait
}

# Begins to make calls; the phase is their name.
begin_calls() {
    phase=$1
    mkdir -p "$home/calls"
    : >"$home/calls/$phase"
    make_calls &
    process[calls]=$!
}

# Waits until so many more calls have been answered.
more_calls() {
    local so_far
    so_far=$(answered)
    for _ in $(seq 300); do
        [ "$(answered)" -lt $((so_far + $1)) ] || return 0
        sleep 0.1
    done
    fail "calls are not answered any more"
}

answered() { wc --lines <"$home/calls/$phase"; }

# Ends them; each has its answer then.
end_calls() {
    : >"$home/calls/$phase.end"
    wait "${process[calls]}"
    unset 'process[calls]'
}

# How many of this kind were answered with this status.
count() { grep --count "^$1 .* $2\$" "$home/calls/$phase" || true; }

# Fails unless all calls of this kind were answered 200.
all_done() {
    local others
    others=$(grep "^$1 " "$home/calls/$phase" | grep --invert-match ' 200$' || true)
    [ -z "$others" ] || fail "these calls were not answered 200 ($phase): $others"
    [ "$(count "$1" 200)" -gt 10 ] || fail "hardly a $1 was made ($phase)"
}

# Fails where the sandbox was asked twice for a group, or never for one whose making was answered 200.
nothing_is_done_twice() {
    local after=0 page subject
    : >"$home/calls/at-meta"
    while page=$(curl --silent --show-error "$graph/_sandbox/requests?after=$after&limit=1000") && [[ $page = *'"seq"'* ]]; do
        grep --only-matching 'order [a-z]*-[0-9]*\.' <<<"$page" >>"$home/calls/at-meta" || true
        after=$(grep --only-matching '"seq": *[0-9]*' <<<"$page" | tail -1 | tr --delete --complement 0-9)
    done
    sort "$home/calls/at-meta" | uniq --repeated >"$home/calls/twice"
    [ ! -s "$home/calls/twice" ] || fail "these were done twice: $(cat "$home/calls/twice")"
    for subject in $(grep '^write .* 200$' "$home/calls/$phase" | cut --delimiter ' ' --fields 2); do
        grep --quiet --line-regexp "order $subject\." "$home/calls/at-meta" || fail "$subject was not done"
    done
}
