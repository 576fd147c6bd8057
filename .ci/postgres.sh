# Sourced by scripts that need a PostgreSQL of their own, from this machine's packages.

# Starts one whose data, socket and log lie in the directory $1, and which ends with postgres_stop. The file $2 holds the
# superuser's password. What follows are settings of the server, such as -c fsync=off.
postgres_start() {
    local home=$1 password_file=$2
    shift 2
    # A pattern that fits nothing gives nothing.
    postgres_bin=$(
        { compgen -G '/usr/lib/postgresql/*/bin'; compgen -G '/usr/pgsql-*/bin'; } | sort --version-sort | tail -1
    ) || true
    [ -x "$postgres_bin/initdb" ] || postgres_bin=$(pg_config --bindir)
    [ -x "$postgres_bin/initdb" ] || { echo "no PostgreSQL server programs here: apt install postgresql" >&2; return 1; }

    mkdir -p "$home"
    (umask 077 && cat "$password_file" >"$home/password")
    # PostgreSQL refuses root.
    postgres_as=()
    if [ "$(id -u)" = 0 ]; then
        postgres_as=(runuser --user postgres --)
        chown -R postgres "$home"
    fi
    # The account need not be able to read the current directory.
    (
        cd / &&
            "${postgres_as[@]}" "$postgres_bin/initdb" --pgdata "$home/cluster" --username postgres \
                --auth scram-sha-256 --pwfile "$home/password" --encoding UTF8 --locale C --no-sync >/dev/null &&
            "${postgres_as[@]}" "$postgres_bin/pg_ctl" start --silent --wait --pgdata "$home/cluster" \
                --log "$home/log" --options "-k $home $*"
    ) || { cat "$home/log" >&2; return 1; }
}

# Ends the server whose directory is $1, if there is one.
postgres_stop() {
    [ -e "$1/cluster/postmaster.pid" ] || return 0
    (cd / && "${postgres_as[@]}" "$postgres_bin/pg_ctl" stop --silent --mode immediate --pgdata "$1/cluster") || true
}

# Starts the one whose directory is $1 again, as it was.
postgres_again() {
    (cd / && "${postgres_as[@]}" "$postgres_bin/pg_ctl" restart --silent --wait --pgdata "$1/cluster" --log "$1/log" 2>/dev/null)
}
