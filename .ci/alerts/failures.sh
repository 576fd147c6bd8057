# Sourced by .ci/alerts/run: which failures are made, in this order, and what makes them. Each is mended before the next.

failures=(
    strangers_and_careless_callers
    clients_that_do_harm
    Meta_fails_for_one_number
    a_token_that_Meta_revoked
    issuers_without_keys
    endpoints_that_fail
    Meta_fails_now_and_then
    Meta_is_slow
    Meta_is_away
    Meta_refuses_for_a_quota_s_sake
    a_quota_is_nearly_used
    what_lies_in_PostgreSQL
    a_task_that_PostgreSQL_refuses
    PostgreSQL_is_slow
    somebody_s_trigger_refuses_rows
    PostgreSQL_is_away
    Valkey_is_away
    nobody_calls
    one_replica_is_left_out
    one_replica_cannot_write_its_log
    one_replica_has_few_files
    one_replica_has_no_database
    a_replica_of_another_commit
    more_than_a_replica_may
    replicas_end
)

# Alerts that no failure is made for: a number that was told of for a week, and then for a day is not.
takes_too_long=(NumberSilent)

read_a_link() { call GetChatGroupInviteLink "\"GroupId\": \"$group\""; }

make_a_group() { call AddChatGroup '"Subject": "One more", "WaitSeconds": 0'; }

sandbox() { curl --silent --show-error --fail --header 'Content-Type: application/json' --request "$1" "$graph/_sandbox/$2" ${3:+--data "$3"}; }

fault() { sandbox POST faults "$1"; }

mend_Meta() {
    sandbox DELETE faults >/dev/null
    sandbox PUT usage '{}' >/dev/null
    reads_go_through
}

reads_go_through() {
    for _ in $(seq 240); do
        [[ $(read_a_link) != *'"Code":"OK"'* ]] || return 0
        sleep 0.5
    done
    fail "reads do not go through again: $(read_a_link)"
}

# As PostgreSQL's superuser.
sql() {
    PGPASSWORD=$(cat "$secrets/postgres_password") "$postgres_bin/psql" --no-psqlrc --quiet --tuples-only --set ON_ERROR_STOP=1 \
        --host 127.0.0.1 --port "$database" --username postgres --dbname groupgate --command "$1"
}

# A webhook of this body, signed as Meta signs.
signed() {
    local signature
    signature=$(printf %s "$1" | openssl dgst -sha256 -hmac "$(cat "$secrets/app_secret")" | sed 's/.*= *//')
    curl --silent --header "X-Hub-Signature-256: sha256=$signature" --header 'Content-Type: application/json' --data-binary "$1" \
        "$balancer/webhooks/graph"
}

# A group of the number $1, of the account $2, was made.
told_of() {
    signed "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"$2\",\"changes\":[{\"field\":\"group_lifecycle_update\",\
\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{\"display_phone_number\":\"15550000009\",\"phone_number_id\":\"$1\"},\
\"groups\":[{\"timestamp\":\"$(date +%s)\",\"group_id\":\"told$RANDOM$RANDOM\",\"type\":\"group_create\",\"subject\":\"x\",\
\"request_id\":\"r$RANDOM$RANDOM\"}]}}]}]}"
}

told_of_ours() { told_of 100000000000001 200000000000001; }

unsigned() { curl --silent --header "X-Hub-Signature-256: sha256=$(printf '0%.0s' {1..64})" --data '{}' "$balancer/webhooks/graph"; }

guess() { curl --silent --user "$key_id:wrong" --header 'X-Forwarded-For: 203.0.113.9' "http://127.0.0.1:${api[1]}/v1/whoami"; }

call_too_often() { tenant=cams-limited1 call ListChatGroup '"Page": {"Index": 1, "Size": 1}'; }
