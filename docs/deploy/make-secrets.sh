#!/bin/sh
# Writes fresh random secrets for docker-compose.yml into a folder: sh docs/deploy/make-secrets.sh /etc/support-desk/secrets
#
# A file that is there already stays as it is. Keep a copy of the folder where the database's backups are not: the backups are
# unreadable without field_keys, and that is what field_keys are for.
#
# The folder is closed to everybody else (0700); the files in it are readable (0444), because the containers read them under
# users of their own.
set -eu
umask 077

folder="${1:?name the folder that shall hold the secrets}"
mkdir -p "$folder"
chmod 700 "$folder"

keep() {
    if [ ! -e "$folder/$1" ]; then
        printf '%s' "$2" > "$folder/$1.new"
        chmod 444 "$folder/$1.new"
        mv "$folder/$1.new" "$folder/$1"
        echo "made $folder/$1"
    fi
}

key() { head -c 32 /dev/urandom | base64 | tr -d '\n'; }
word() { head -c 96 /dev/urandom | base64 | tr -dc 'A-Za-z0-9' | head -c "$1"; }
value() { cat "$folder/$1"; }

keep secret_key "$(word 64)"
keep field_keys "$(key)"
keep audit_key "$(key)"
keep metrics_token "$(word 40)"
keep postgres_superuser_password "$(word 40)"
keep postgres_owner_password "$(word 40)"
keep postgres_app_password "$(word 40)"
keep redis_password "$(word 40)"
keep database_url "postgres://desk_app:$(value postgres_app_password)@postgres:5432/desk"
keep owner_database_url "postgres://desk_owner:$(value postgres_owner_password)@postgres:5432/desk"
keep redis_url "redis://:$(value redis_password)@redis:6379/0"
