# Sourced by .ci/alerts/run: Prometheus with rules that are in a hurry, what fires there, and what goes on meanwhile.

# By name: what is done again and again.
declare -A loops=()
# The names of alerts that fired when they were waited for, and of those that did not.
fired=()
silent=()
# What fires without the failure that is made now.
before=

# Does again and again what follows the name, up to 50 times a second.
loop() {
    local name=$1
    shift
    mkdir -p "$home/loops"
    rm -f "$home/loops/$name.end"
    (
        while [ ! -e "$home/loops/$name.end" ]; do
            "$@" >/dev/null 2>&1 || true
            sleep 0.02
        done
    ) &
    loops[$name]=$!
}

# Lets these do what they do to its end, and nothing after that.
let_loops_end() {
    [ $# = 0 ] || touch $(printf "$home/loops/%s.end " "$@")
}

# The same, and waits for it.
end_loops() {
    local name
    let_loops_end "$@"
    for name in "$@"; do
        wait "${loops[$name]}"
        unset "loops[$name]"
    done
}

firing() {
    seen alerts | python3 -c '
import json, sys
for alert in json.load(sys.stdin)["data"]["alerts"]:
    if alert["state"] == "firing":
        print(alert["labels"]["alertname"])' | sort --unique
}

# Before anything has failed: for longer than most rules wait.
nothing_fires() {
    local at_first
    sleep 25
    at_first=$(firing)
    [ -z "$at_first" ] || fail "these fire, and nothing has failed: $at_first"
    said 'nothing' 'fires at first'
}

# Whether one that this is the name of stands in what fires.
is_among() { grep --quiet --line-regexp "Groupgate$1" <<<"$2"; }

# Waits up to 180 s until none of these fires any more for the failures before.
quiet() {
    local alert still
    for _ in $(seq 360); do
        before=$(firing)
        still=()
        for alert in "$@"; do
            ! is_among "$alert" "$before" || still+=("$alert")
        done
        [ ${#still[@]} != 0 ] || return 0
        sleep 0.5
    done
    fail "these fire still: ${still[*]}"
}

# Waits up to 180 s until all of these fire, at one time or another; those that did before the failure tell nothing.
fire() {
    local wanted=() missing=() alert now=
    for alert in "$@"; do
        if is_among "$alert" "$before"; then
            said "$alert" 'fired before'
            silent+=("$alert")
        else
            wanted+=("$alert")
        fi
    done
    for _ in $(seq 360); do
        [ ${#wanted[@]} != 0 ] || return 0
        now=$(firing)
        missing=()
        for alert in "${wanted[@]}"; do
            if is_among "$alert" "$now"; then
                fired+=("$alert")
                said "$alert" fires
            else
                missing+=("$alert")
            fi
        done
        wanted=("${missing[@]}")
        sleep 0.5
    done
    said "${wanted[*]}" "silent; firing: $(tr '\n' ' ' <<<"$now")"
    silent+=("${wanted[@]}")
}
