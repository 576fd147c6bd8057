# Sourced by deploy/shape and .ci/alerts/run: the services of docker-compose.yml, as processes of this machine. $home is where all of
# it lies, and $secrets where the secrets are.

# The reason stands last, where whoever sees no more than the end finds it.
fail() {
    tail --verbose --lines 10 "$home"/*.log >&2 || true
    printf '\n%s\n' "$*" >&2
    exit 1
}

said() { printf '  %-14s %s\n' "$1" "$2"; }

# A port on which nobody listens, and that was not given before: who got that one may not listen yet.
free_port() {
    local port
    for port in $(shuf --input-range 20000-32000 --head-count 100); do
        if ! grep --quiet --no-messages --line-regexp "$port" "$home/ports" && ! (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            tee --append "$home/ports" <<<"$port"
            return
        fi
    done
    return 1
}

# As root, programs run as compose runs them.
unprivileged=()
if [ "$(id -u)" = 0 ]; then
    unprivileged=(setpriv --reuid 65532 --regid 65532 --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all)
fi

# A directory that a service may write to.
own_directory() {
    if [ "$(id -u)" = 0 ]; then
        install --directory --owner 65532 --group 65532 "$1"
    else
        mkdir -p "$1"
    fi
}

# By service: its process.
declare -A process=()

# Starts what follows the service's name; its log has all its lives.
start() {
    local service=$1
    shift
    ("$@") >>"$home/$service.log" 2>&1 &
    process[$service]=$!
}

# Sends a service a signal, and waits for its end; its exit code.
end() {
    local service=$1 signal=$2 status=0
    kill "-$signal" "${process[$service]}"
    # The shell's own word of it is not wanted.
    { wait "${process[$service]}" || status=$?; } 2>/dev/null
    unset "process[$service]"
    return "$status"
}

# Ends what runs still.
stop_all() {
    # It takes its workers with it.
    [ -z "${process[nginx]:-}" ] || end nginx TERM || true
    [ ${#process[@]} = 0 ] || kill -KILL "${process[@]}" 2>/dev/null || true
    { wait; } 2>/dev/null
    postgres_stop "$home/postgres"
}

# Waits until a command that follows the service's name succeeds, while the service lives.
until_healthy() {
    local service=$1
    shift
    for _ in $(seq 300); do
        ! "$@" >"$home/health.log" 2>&1 || return 0
        kill -0 "${process[$service]}" 2>/dev/null || break
        sleep 0.1
    done
    fail "$service is not healthy"
}

# The same by a health check of the image's.
healthy() {
    until_healthy "$1" "$home/bin/groupgate" health --url "$2"
    said "$1" "healthy at $2"
}

# A service's own environment and nothing of this shell's: what its file says, with the secrets where they are here, and
# then what follows as NAME=VALUE up to --, as docker-compose.yml has it below `environment`. $groupgate is another program.
groupgate_in() {
    local file=deploy/env/$1.env environment=()
    shift
    mapfile -t environment < <(grep --invert-match '^#' "$file" | sed "s|/run/secrets/|$secrets/|")
    while [ "$1" != -- ]; do
        environment+=("$1")
        shift
    done
    shift
    exec env --ignore-environment TMPDIR="$home" "${environment[@]}" "${unprivileged[@]}" \
        "${groupgate:-$home/bin/groupgate}" "$@"
}

# Redis or Valkey by deploy/valkey/valkey.conf, at the port $1.
counter_in() {
    local program
    program=$(command -v valkey-server || command -v redis-server)
    own_directory "$home/valkey"
    sed -e "s|^port .*|bind 127.0.0.1\nport $1|" -e "s|/run/secrets/|$secrets/|" -e "s|^dir .*|dir $home/valkey|" \
        deploy/valkey/valkey.conf >"$home/valkey.conf"
    exec env --ignore-environment "${unprivileged[@]}" "$program" "$home/valkey.conf"
}

# nginx by deploy/nginx/groupgate.conf, at the port $1, with TLS at $2, in front of the gateways at $3 and $4.
nginx_in() {
    own_directory "$home/nginx"
    mkdir -p "$home/nginx.d"
    local here=(-e "s|/tmp/|$home/nginx/|" -e "s|/dev/stdout|$home/nginx/access.log|" -e "s|/run/secrets/|$secrets/|"
        -e "s|/etc/nginx/groupgate.d/|$home/nginx.d/|" -e "s|listen 8080|listen 127.0.0.1:$1|"
        -e "s|listen 8443|listen 127.0.0.1:$2|" -e "s|gateway-1:8080|127.0.0.1:$3|" -e "s|gateway-2:8080|127.0.0.1:$4|")
    sed "${here[@]}" deploy/nginx/groupgate.conf >"$home/nginx.conf"
    sed "${here[@]}" deploy/nginx/tls.conf >"$home/nginx.d/tls.conf"
    exec env --ignore-environment "${unprivileged[@]}" "$(command -v nginx)" -e stderr -p "$home/nginx" \
        -c "$home/nginx.conf" -g 'daemon off;'
}

# Lays out deploy/prometheus for one at the port $1, which looks once a second at the gateways' metrics at $2 and $3.
prometheus_files() {
    own_directory "$home/prometheus"
    cp -R deploy/prometheus "$home/prometheus.d"
    sed -i -e "s|gateway-1:9100|127.0.0.1:$2|" -e "s|gateway-2:9100|127.0.0.1:$3|" -e "s|localhost:9090|127.0.0.1:$1|" \
        -e 's/^\( *\(scrape_interval\|scrape_timeout\|evaluation_interval\)\): .*/\1: 1s/' "$home/prometheus.d/prometheus.yml"
}

# Prometheus by what is laid out, at the port $1.
prometheus_in() {
    exec env --ignore-environment "${unprivileged[@]}" "$(command -v prometheus)" \
        --config.file="$home/prometheus.d/prometheus.yml" --storage.tsdb.path="$home/prometheus" \
        --web.listen-address="127.0.0.1:$1"
}

# Asks the Prometheus at $watcher.
seen() { curl --silent --globoff "http://127.0.0.1:$watcher/api/v1/$1"; }
