# Sourced by deploy/shape and .ci/alerts/run, after place.sh and calls.sh: the tenants, the key and the group of who calls.

# A tenant that has the sandbox's number.
add_bakery() {
    tenant=cams-8c8pdv
    number=15550000001
    administer tenants add "$tenant" --name Bakery >/dev/null
    administer numbers add "$number" --tenant "$tenant" --phone-number-id 100000000000001 --waba-id 200000000000001 >/dev/null
    echo EAAsandboxtoken1 | administer credentials set --tenant "$tenant" >/dev/null
}

# Tenants that may call 20 times a minute.
add_limited() {
    local each
    for each in "$@"; do
        administer tenants add "$each" --name Kiosk >/dev/null
        administer limits set --tenant "$each" --per-tenant 20/m >/dev/null
    done
}

# A backend's key that may read and change groups; what follows says whose.
make_key() {
    local key
    key=$(administer keys create --name till --scope groups.read --scope groups.write "$@" | tr -d '\n')
    key_id=$(field access_key_id <<<"$key")
    key_secret=$(field access_key_secret <<<"$key")
}

# The bakery's first group. The gateway learns a group's ID by webhook only, so an answer that has it says that the webhook came.
make_group() {
    local made
    made=$(call AddChatGroup '"Subject": "Order 1042"')
    group=$(field GroupId <<<"$made")
    [ -n "$group" ] || fail "no group: $made"
}
