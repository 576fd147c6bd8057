# Sourced by .ci/alerts/run: failures of who calls, of Meta, of issuers and of endpoints, and the alerts that they set off.

strangers_and_careless_callers() {
    local at
    for at in 1 2 3 4; do
        told_of 999 299 >/dev/null
    done
    signed 'no JSON' >/dev/null
    for at in 1 2; do
        loop "unsigned$at" unsigned
        loop "guess$at" guess
        loop "often$at" call_too_often
    done
    fire WebhooksMalformed WebhooksUnsigned WebhooksRefused LimitsRefuse SecretsGuessed UnknownNumbers
    end_loops unsigned{1,2} guess{1,2} often{1,2}
}

clients_that_do_harm() {
    start clients python3 "$here/clients.py" slow "${api[1]}"
    fire ConnectionsCut
    end clients KILL || true
    start clients python3 "$here/clients.py" many "${api[1]}"
    fire ConnectionsRefused
    end clients KILL || true
}

# A tenant of another account that has a group.
add_second() {
    [ -z "${second:-}" ] || return 0
    sandbox POST wabas '{"waba_id": "200000000000099", "token": "EAAsecondtoken99", "subscribed": true,
        "numbers": [{"phone_number_id": "100000000000099", "display_phone_number": "15550000099"}]}' >/dev/null
    administer tenants add cams-second1 --name Kiosk >/dev/null
    administer numbers add 15550000099 --tenant cams-second1 --phone-number-id 100000000000099 --waba-id 200000000000099 >/dev/null
    echo EAAsecondtoken99 | administer credentials set --tenant cams-second1 >/dev/null
    second=$(tenant=cams-second1 number=15550000099 call AddChatGroup '"Subject": "Order 1043"' | field GroupId)
    [ -n "$second" ] || fail 'the second tenant has no group'
}

read_as_second() { tenant=cams-second1 number=15550000099 call GetChatGroupInviteLink "\"GroupId\": \"$second\""; }

Meta_fails_for_one_number() {
    add_second
    fault "{\"method\": \"GET\", \"path\": \"*$second/invite_link\", \"count\": 100000, \"http_status\": 500}" >/dev/null
    loop second read_as_second
    fire NumberInTrouble
    end_loops second
    mend_Meta
}

a_token_that_Meta_revoked() {
    add_second
    sandbox POST tokens/EAAsecondtoken99/revoke '{}' >/dev/null
    loop second read_as_second
    fire CallsLackToken CredentialsRefused
    end_loops second
}

base64url() { printf %s "$1" | basenc --base64url --wrap=0 | tr --delete =; }

# A token of one of eight issuers, each four seconds of another.
show_a_token() {
    local claims="{\"iss\": \"https://login$((SECONDS / 4 % 8)).isv.example/\", \"aud\": \"groupgate\", \"sub\": \"clerk\",
        \"exp\": $(($(date +%s) + 600))}"
    curl --silent "$balancer/v1/whoami" \
        --header "Authorization: Bearer $(base64url '{"alg": "EdDSA", "kid": "1"}').$(base64url "$claims").$(printf 'A%.0s' {1..86})"
}

issuers_without_keys() {
    sql "insert into issuers (issuer_id, issuer, audience, jwks_url, algorithms, claims)
         select gen_random_uuid(), 'https://login' || n || '.isv.example/', 'groupgate', 'https://127.0.0.1:$receiver/' || n, '{EdDSA}',
             '[{\"claim\": \"aud\", \"value\": \"groupgate\", \"cust_space_ids\": [\"*\"], \"scopes\": [\"groups.read\"]}]'
         from generate_series(0, 7) n"
    loop tokens show_a_token
    fire KeySetsFail
    end_loops tokens
    sql 'delete from issuers'
}

endpoints_that_fail() {
    local path
    for path in slow gone down; do
        administer endpoints add "http://127.0.0.1:$receiver/$path" --tenant "$tenant" >/dev/null
    done
    loop told told_of_ours
    fire EndpointDisabled DeliveriesSlow
    end_loops told
    # Else those that are old are given up before anybody has seen how old they are.
    sql "update open_deliveries set due_at = now() + interval '1 day', created_at = now() - interval '2 hours'"
    fire DeliveriesBehind
    sql "update open_deliveries set created_at = now() - interval '26 hours'"
    fire DeliveriesNearlyLost
    sql 'update open_deliveries set due_at = now()'
    fire DeadLetters
}

# Reads at the replica $1, of which every other fails as often as it is tried. One after the other, and of the same replica: where
# ten tries in a row fail, no more are made.
read_one_well_and_one_ill() {
    local balancer=http://127.0.0.1:${api[$1]}
    read_a_link
    call GetChatGroupInviteLink "\"GroupId\": \"$ill\""
}

Meta_fails_now_and_then() {
    ill=$(call AddChatGroup '"Subject": "Order 1044"' | field GroupId)
    [ -n "$ill" ] || fail 'there is no group to read ill'
    fault "{\"method\": \"GET\", \"path\": \"*$ill/invite_link\", \"count\": 100000, \"http_status\": 500}" >/dev/null
    loop ill1 read_one_well_and_one_ill 1
    loop ill2 read_one_well_and_one_ill 2
    fire MetaFails
    end_loops ill{1,2}
    mend_Meta
}

Meta_is_slow() {
    local at
    fault '{"method": "GET", "path": "*/invite_link", "count": 100000, "delay_ms": 6000}' >/dev/null
    for at in 1 2 3 4 5 6 7 8; do
        loop "slow$at" read_a_link
        # So that not all of them are answered at once, and none for seconds after that.
        sleep 0.7
    done
    fire MetaSlow CallsSlow
    end_loops slow{1..8}
    mend_Meta
}

Meta_is_away() {
    quiet ManyCallsFail SomeCallsFail
    end sandbox KILL || true
    loop away read_a_link
    fire MetaBreakerOpen ManyCallsFail SomeCallsFail
    end_loops away
    start_sandbox
    reads_go_through
}

Meta_refuses_for_a_quota_s_sake() {
    fault '{"path": "*/invite_link", "count": 100000, "code": 131056}' >/dev/null
    loop refused read_a_link
    fire MetaThrottles
    sandbox DELETE faults >/dev/null
    fault '{"path": "*/invite_link", "count": 100000, "code": 80008}' >/dev/null
    fire QuotaClosed
    mend_Meta
    fault '{"path": "*/invite_link", "count": 100000, "code": 4}' >/dev/null
    fire AppQuotaClosed
    end_loops refused
    mend_Meta
}

a_quota_is_nearly_used() {
    sandbox PUT usage '{"app": {"call_count": 96, "total_time": 20, "total_cputime": 20}}' >/dev/null
    loop writes make_a_group
    fire QuotaNearlyUsed CallsHeld
    end_loops writes
    sandbox PUT usage '{"app": {"call_count": 1, "total_time": 1, "total_cputime": 1}}' >/dev/null
    reads_go_through
}
