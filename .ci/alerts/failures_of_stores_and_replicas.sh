# Sourced by .ci/alerts/run: failures of PostgreSQL, of Valkey and of replicas, and the alerts that they set off.

what_lies_in_PostgreSQL() {
    local day
    make_a_group >/dev/null
    day=$(date --utc --date '+2 days' +%Y%m%d)
    # Else the gateway makes it again, within five minutes.
    sql 'revoke execute on function make_missing_partitions from groupgate_app'
    sql "drop table events_$day cascade"
    sql "update credentials set expires_at = now() + interval '2 days' where cust_space_id = '$tenant'"
    # Meta cannot be asked what became of it.
    fault '{"method": "GET", "path": "*/100000000000001/groups*", "count": 100000, "http_status": 500}' >/dev/null
    sql "update changes set status = 'PENDING', settled_at = null, created_at = now() - interval '45 minutes',
         answer_due = now() + interval '1 day', group_id = null, subject = 'nowhere', subject_folded = 'nowhere'
         where unique_code = (select unique_code from changes where operation = 'AddChatGroup' limit 1)"
    fire ChangesStuck PartitionsRunOut CredentialsExpiring
    sql "grant execute on function make_missing_partitions to groupgate_app; update credentials set expires_at = null;
         delete from changes where status = 'PENDING'"
    mend_Meta
}

hold_table() { sql "begin; lock table $1 in access exclusive mode; select pg_sleep($2); commit"; }

# While a table is held, for so many seconds again and again, these fire.
fire_while_held() {
    local table=$1 seconds=$2
    shift 2
    loop hold hold_table "$table" "$seconds"
    fire "$@"
    let_loops_end hold
    sql "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()" >/dev/null
    end_loops hold
}

call_of_nobody() { tenant=cams-nobody$RANDOM call GetChatGroup "\"GroupId\": \"$group\""; }

a_task_that_PostgreSQL_refuses() {
    quiet BackgroundTaskStuck
    sql 'revoke execute on function release_dead_claims from groupgate_app'
    fire BackgroundTaskStuck
    sql 'grant execute on function release_dead_claims to groupgate_app'
}

PostgreSQL_is_slow() {
    local at
    loop told told_of_ours
    loop told2 told_of_ours
    fire_while_held unrouted_events 2 WebhooksSlow
    fire_while_held event_counters 40 RoutingBehind
    end_loops told told2
    for at in $(seq 40); do
        loop "nobody$at" call_of_nobody
    done
    fire_while_held tenants 30 PoolExhausted
    end_loops nobody{1..40}
    reads_go_through
}

somebody_s_trigger_refuses_rows() {
    sql "create function refused() returns trigger language plpgsql as 'begin raise exception ''not today''; end';
         create trigger refused before insert on changes for each row execute function refused();
         create trigger refused before insert on calls for each row execute function refused()"
    loop writes make_a_group
    fire InternalErrors CallsNotRecorded
    end_loops writes
    sql 'drop trigger refused on changes; drop trigger refused on calls; drop function refused'
}

PostgreSQL_is_away() {
    postgres_stop "$home/postgres"
    loop told told_of_ours
    fire DatabaseDown WebhooksFail BacklogUnknown
    end_loops told
    postgres_again "$home/postgres"
    reads_go_through
}

Valkey_is_away() {
    end valkey KILL || true
    fire LimitsNotShared
    start_counter
}

nobody_calls() {
    local at
    for at in $(seq 80); do
        told_of_ours >/dev/null
    done
    quiet WebhooksStopped CallsStopped
    end_loops reads
    fire CallsStopped WebhooksStopped
    loop reads read_a_link
}

read_at_the_first() { balancer=http://127.0.0.1:${api[1]} read_a_link; }

one_replica_is_left_out() {
    end_loops reads
    loop reads read_at_the_first
    fire ReplicaIdle
    end_loops reads
    loop reads read_a_link
}

begin_anew() {
    end "gateway-$1" TERM || true
    start_gateway "$1"
    ready "$1"
}

one_replica_cannot_write_its_log() {
    end gateway-1 TERM || true
    start gateway-1 log_to /dev/full run_gateway 1 GROUPGATE_OTLP_URL="http://127.0.0.1:$(free_port)"
    fire LogLinesDropped TracesDropped
    begin_anew 1
}

log_to() {
    local file=$1
    shift
    "$@" >"$file" 2>&1
}

# Lets the first replica open little more than it has open now.
hold_to_its_files() {
    local open
    open=$(curl --silent "http://127.0.0.1:${metrics[1]}/metrics" | sed --quiet 's/^process_open_fds \([0-9]*\).*/\1/p')
    [ -z "$open" ] || "${unprivileged[@]}" prlimit --pid "${process[gateway-1]}" --nofile=$((open * 10 / 9)):
}

one_replica_has_few_files() {
    # What it has open grows and shrinks.
    loop files hold_to_its_files
    fire FilesRunOut
    end_loops files
    begin_anew 1
}

one_replica_has_no_database() {
    local way
    way=$(free_port)
    sed "s/:$database/:$way/" "$secrets/database_url" >"$secrets/database_url_by_the_way"
    start forwarder python3 "$here/forwarder.py" "$way" "$database"
    end gateway-1 TERM || true
    start gateway-1 run_gateway 1 DATABASE_URL_FILE="$secrets/database_url_by_the_way"
    ready 1
    balancer=http://127.0.0.1:${api[1]} read_a_link >/dev/null
    end forwarder KILL || true
    # What administrators are refused waits for PostgreSQL, to stand in the audit log.
    start strangers env KEY="$key_id:$key_secret" python3 "$here/clients.py" refused "${api[1]}"
    fire ReplicaWithoutDatabase QueueNearlyFull AuditIncomplete
    end strangers KILL || true
    begin_anew 1
}

a_replica_of_another_commit() {
    local commit
    commit=$("$home/bin/groupgate" --version | sed --quiet 's/.*(\([0-9a-f]*\).*/\1/p')
    LC_ALL=C sed "s/$commit/${commit//?/0}/g" "$home/bin/groupgate" >"$home/bin/other"
    chmod 755 "$home/bin/other"
    end gateway-2 TERM || true
    groupgate=$home/bin/other start_gateway 2
    fire VersionsDiffer
    begin_anew 2
}

# What one may use is set to less than each does.
more_than_a_replica_may() {
    sed -i.as-it-was -e 's/vector(2)/vector(0.002)/' -e 's/vector(512 /vector(8 /' "$home/prometheus.d/alerts.yml"
    kill -HUP "${process[prometheus]}"
    fire MemoryHigh CpuSaturated
    mv "$home/prometheus.d/alerts.yml.as-it-was" "$home/prometheus.d/alerts.yml"
    kill -HUP "${process[prometheus]}"
}

replicas_end() {
    local at
    quiet ReplicaRestarts ReplicaDown SpareReplicaMissing
    for at in $(seq 10); do
        end gateway-1 KILL || true
        start_gateway 1
        healthy gateway-1 "http://127.0.0.1:${metrics[1]}/health/live"
        # Prometheus is to see each start.
        sleep 1.5
        ! is_among ReplicaRestarts "$(firing)" || break
    done
    fire ReplicaRestarts
    end gateway-1 KILL || true
    fire ReplicaDown SpareReplicaMissing
    end gateway-2 KILL || true
    fire AllReplicasDown
}
