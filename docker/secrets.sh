#!/bin/sh
# Writes the secrets that compose.yaml mounts, each once: docker/secrets.sh [FOLDER]
# The folder lets nobody else in; the files in it can be read by all, as the containers' users are not this one.
set -eu
folder="${1:-$(dirname "$0")/secrets}"
mkdir -p "$folder"
chmod 700 "$folder"
for name in admin_password influxdb_password influxdb_token write_token; do
  if [ ! -e "$folder/$name" ]; then
    head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$folder/$name"
    chmod 644 "$folder/$name"
  fi
done
