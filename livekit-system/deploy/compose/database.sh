#!/bin/sh
# Run once by Postgres' image, on an empty volume: what a Supabase project has, a small app's tables, then our migrations.
set -eu
FOLDER="${FOLDER:-/live}"
run() { psql --set ON_ERROR_STOP=1 --quiet --single-transaction --dbname postgres "$@"; }
run --username supabase_admin --file $FOLDER/bootstrap.sql
run --username supabase_admin --command "alter role authenticator password '$AUTHENTICATOR_PASSWORD'"
for file in $FOLDER/existing_app.sql $FOLDER/migrations/*.sql; do
  run --username postgres --file "$file"
done
