#!/bin/sh
# Makes the two roles, the database and the extension in a PostgreSQL server, as its superuser.
#
# The compose file mounts it into /docker-entrypoint-initdb.d, where it runs once, when the data volume is empty. For a server of
# your own, run it by hand; it may be run again and then sets the passwords to those of the files:
#
#   OWNER_PASSWORD_FILE=... APP_PASSWORD_FILE=... PGHOST=... PGUSER=postgres sh docs/deploy/postgres/init.sh
#
# The brackets keep `set -eu` inside, for an entry point that reads this file instead of running it.
#
# desk_owner owns the database and migrates it. desk_app runs the desk: it reads and writes rows, makes no tables, and what a
# migration takes from it (changing the audit chain) it does not have.
(
set -eu
for file in "$OWNER_PASSWORD_FILE" "$APP_PASSWORD_FILE"; do
    if [ ! -s "$file" ]; then
        echo "init.sh: $file is missing or empty: no password, no role" >&2
        exit 1
    fi
done
export OWNER_PASSWORD_FILE APP_PASSWORD_FILE

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-${PGUSER:-postgres}}" --dbname postgres <<'SQL'
\set owner_password `cat "$OWNER_PASSWORD_FILE"`
\set app_password `cat "$APP_PASSWORD_FILE"`
SET password_encryption = 'scram-sha-256';
SET client_min_messages = warning;

SELECT format('CREATE ROLE %I', role)
FROM unnest(ARRAY['desk_owner', 'desk_app']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
ALTER ROLE desk_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'owner_password';
ALTER ROLE desk_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'app_password';

SELECT 'CREATE DATABASE desk OWNER desk_owner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'desk') \gexec
REVOKE ALL ON DATABASE desk FROM PUBLIC;
GRANT CONNECT ON DATABASE desk TO desk_app;

\connect desk
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS vector;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO desk_owner;
GRANT USAGE ON SCHEMA public TO desk_app;
ALTER DEFAULT PRIVILEGES FOR ROLE desk_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO desk_app;
ALTER DEFAULT PRIVILEGES FOR ROLE desk_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO desk_app;
SQL
)
