# Sourced by .ci/alerts/run: Prometheus with rules that are in a hurry, what fires there, and what goes on meanwhile.

# By name: what is done again and again.
declare -A loops=()
# The names of alerts that fired when they were waited for, and of those that did not.
fired=()
silent=()

# Does again and again what follows the name, up to 50 times a second.
loop() {
    local name=$1
    shift
    (
        while true; do
            "$@" >/dev/null 2>&1 || true
            sleep 0.02
        done
    ) &
    loops[$name]=$!
}

end_loop() {
    kill "${loops[$1]}" 2>/dev/null || true
    { wait "${loops[$1]}" || true; } 2>/dev/null
    unset "loops[$1]"
}

end_loops() {
    local name
    for name in "${!loops[@]}"; do
        end_loop "$name"
    done
}

seen() { curl --silent --globoff "http://127.0.0.1:$watcher/api/v1/$1"; }

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

# Waits up to 75 s until all of these fire, at one time or another.
fire() {
    local wanted=("$@") missing=() alert now
    for _ in $(seq 150); do
        now=$(firing)
        missing=()
        for alert in "${wanted[@]}"; do
            if grep --quiet --line-regexp "Groupgate$alert" <<<"$now"; then
                fired+=("$alert")
                said "$alert" fires
            else
                missing+=("$alert")
            fi
        done
        wanted=("${missing[@]}")
        [ ${#wanted[@]} != 0 ] || return 0
        sleep 0.5
    done
    said "${wanted[*]}" "silent; firing: $(tr '\n' ' ' <<<"$now")"
    silent+=("${wanted[@]}")
}
