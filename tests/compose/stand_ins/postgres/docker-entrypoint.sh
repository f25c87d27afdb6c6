#!/bin/sh
# What the public image does at its first start, as far as the lab needs it.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    mkdir -p "$PGDATA"
    printf '%s' "$POSTGRES_PASSWORD" > /tmp/password
    # shellcheck disable=SC2086 # options are words
    initdb -D "$PGDATA" -U "$POSTGRES_USER" --pwfile /tmp/password ${POSTGRES_INITDB_ARGS:-}
    rm /tmp/password
    printf 'host all all all scram-sha-256\n' >> "$PGDATA/pg_hba.conf"
    printf 'create database %s;\n' "$POSTGRES_DB" | postgres --single -j -D "$PGDATA" postgres
fi
exec "$@"
