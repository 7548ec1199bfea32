# Sourced by tests/run: a Redis and a PostgreSQL of our own, on free ports, in the temporary directory.
# shellcheck shell=bash

started=()

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# PostgreSQL refuses to run as root: then it runs as the user that its package made. `setpriv` becomes the program
# itself, so that the process we started is the one to stop.
as_postgres=()
if [ "$(id -u)" -eq 0 ]; then as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups); fi

# wait_for NAME LOG COMMAND...
wait_for() {
    local name=$1 log=$2 tries
    shift 2
    for tries in $(seq 150); do
        ! "$@" >/dev/null 2>&1 || return 0
        sleep 0.2
    done
    give_up "$name did not answer after $tries tries" "$log"
}

start_redis() {
    local port
    port=$(free_port)
    mkdir "$temporary/redis"
    redis-server --bind 127.0.0.1 --port "$port" --dir "$temporary/redis" --save '' --appendonly no >"$logs/redis.log" 2>&1 &
    started+=($!)
    export CASTGATE_TEST_REDIS_URL=redis://127.0.0.1:$port/
    wait_for Redis "$logs/redis.log" redis-cli -p "$port" ping
}

start_postgres() {
    local bin port data=$temporary/postgres/data
    bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1)
    port=$(free_port)
    chmod 711 "$temporary"
    mkdir "$temporary/postgres"
    if [ ${#as_postgres[@]} -gt 0 ]; then chown postgres "$temporary/postgres"; fi
    (
        cd "$temporary/postgres"
        "${as_postgres[@]}" "$bin/initdb" -D "$data" -U castgate -A trust -E UTF8 --locale=C.UTF-8 --no-sync
    ) >"$logs/initdb.log" 2>&1 || give_up "initdb failed" "$logs/initdb.log"
    # What the tests write may be lost with the machine: no fsync. The sockets stay in our directory.
    (
        cd "$temporary/postgres"
        exec "${as_postgres[@]}" "$bin/postgres" -D "$data" -p "$port" -c listen_addresses=127.0.0.1 \
            -c "unix_socket_directories=$temporary/postgres" -c fsync=off -c max_connections=200
    ) >"$logs/postgres.log" 2>&1 &
    started+=($!)
    export CASTGATE_TEST_POSTGRES_URL=postgres://castgate@127.0.0.1:$port/castgate
    wait_for PostgreSQL "$logs/postgres.log" "$bin/pg_isready" -h 127.0.0.1 -p "$port"
    "$bin/createdb" -h 127.0.0.1 -p "$port" -U castgate castgate
}

# Stops what was started here, by its process id and nothing else.
stop_services() {
    local pid
    for pid in "${started[@]}"; do
        # INT is PostgreSQL's fast shutdown, and an orderly one for Redis too.
        kill -INT "$pid" 2>/dev/null || true
    done
    for pid in "${started[@]}"; do
        wait "$pid" 2>/dev/null || true
    done
}
