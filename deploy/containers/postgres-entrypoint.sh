#!/bin/sh
# What docker-compose.yml needs of the official image's entrypoint: a first start makes the cluster and its role.
set -eu
umask 077

if [ "${1:-}" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
    mkdir -p "$PGDATA"
    printf '%s' "$POSTGRES_PASSWORD" > /tmp/password
    # shellcheck disable=SC2086 - several arguments
    initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --pwfile=/tmp/password ${POSTGRES_INITDB_ARGS:-}
    rm /tmp/password
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    pg_ctl --pgdata="$PGDATA" --wait start --options="-c listen_addresses='' -c unix_socket_directories=/var/run/postgresql"
    createdb --host=/var/run/postgresql --username="$POSTGRES_USER" --maintenance-db=postgres "$POSTGRES_USER"
    pg_ctl --pgdata="$PGDATA" --wait --mode=fast stop
fi
exec "$@" -c "unix_socket_directories=/var/run/postgresql" -c "listen_addresses=*"
