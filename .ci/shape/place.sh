# Sourced by deploy/shape and .ci/alerts/run, after services.sh: where the services of the production shape lie and listen, its
# secrets, its database and its gateways. $app_id is the app's ID at Meta, or nothing; $settings are what the gateways have
# beside that, as NAME=VALUE.

# The program of the image, its places to write, its secrets and all ports, below $home. $1 is groupgate; where it is empty,
# cargo builds one.
lay_out() {
    local program=$1
    if [ -z "$program" ]; then
        cargo build --locked --quiet --package gateway --bin groupgate
        program=${CARGO_TARGET_DIR:-target}/debug/groupgate
    fi
    chmod 711 "$home"
    install -D --mode 755 "$program" "$home/bin/groupgate"
    own_directory "$home/sandbox"

    database=$(free_port)
    counter=$(free_port)
    plain=$(free_port)
    tls=$(free_port)
    upstream=$(free_port)
    watcher=$(free_port)
    api=([1]=$(free_port) [2]=$(free_port))
    metrics=([1]=$(free_port) [2]=$(free_port))
    balancer=http://127.0.0.1:$plain
    graph=http://127.0.0.1:$upstream

    secrets=$home/secrets
    deploy/make-secrets "$secrets" "127.0.0.1:$database" "127.0.0.1:$counter" >/dev/null
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -days 2 \
        -addext subjectAltName=IP:127.0.0.1 -keyout "$secrets/tls_key" -out "$secrets/tls_certificate" 2>/dev/null
    chmod 644 "$secrets/tls_key"
    # A container's user does not pass through the directory: the files themselves are mounted.
    chmod 711 "$secrets"
}

start_database() { postgres_start "$home/postgres" "$secrets/postgres_password" -c listen_addresses=127.0.0.1 -c "port=$database"; }

# Its roles and tables, as they should be.
migrate() {
    PATH=$postgres_bin:$PATH PGHOST=127.0.0.1 PGPORT=$database deploy/roles "$secrets"
    (groupgate_in migrate -- migrate) >"$home/migrate.log" 2>&1 || fail 'migrate failed'
}

start_counter() {
    start valkey counter_in "$counter"
    until_healthy valkey redis-cli -e -p "$counter" ping
}

start_balancer() { start nginx nginx_in "$plain" "$tls" "${api[1]}" "${api[2]}"; }

start_sandbox() {
    start sandbox groupgate_in sandbox ${app_id:+GROUPGATE_APP_ID="$app_id"} -- sandbox --bind "127.0.0.1:$upstream" \
        --data-dir "$home/sandbox" --webhook-url "$balancer/webhooks/graph"
}

# The environment of gateway $1, beside its file.
gateway_environment() {
    environment=(GROUPGATE_BIND="127.0.0.1:${api[$1]}" GROUPGATE_METRICS_BIND="127.0.0.1:${metrics[$1]}"
        GROUPGATE_PUBLIC_URL="$balancer" GROUPGATE_GRAPH_URL="$graph" GROUPGATE_APP_ID="$app_id"
        GROUPGATE_TRUSTED_PROXIES=127.0.0.1 GROUPGATE_LOG=info "${settings[@]}")
}

# Becomes gateway $1; what follows are settings of its own.
run_gateway() {
    local replica=$1 environment
    shift
    gateway_environment "$replica"
    groupgate_in gateway "${environment[@]}" "$@" -- serve
}

start_gateway() { start "gateway-$1" run_gateway "$1"; }

ready() { healthy "gateway-$1" "http://127.0.0.1:${metrics[$1]}/health/ready"; }

# What `docker compose exec gateway-1 groupgate …` is there.
administer() {
    local environment
    gateway_environment 1
    (groupgate_in gateway "${environment[@]}" -- "$@" --json) 2>"$home/administer.log" || fail "groupgate $* failed"
}
