#!/bin/sh
# A dump in $BACKUP_DIR/dump that any PostgreSQL of the same or a newer version reads (pg_restore), and that needs no
# rights beyond reading: for a managed server, which keeps its own log, and to move. Readable before it counts.
set -eu
umask 077
: "${BACKUP_DIR:?is not set}"
days=${BACKUP_DAYS:-30}
if [ "$days" -lt 1 ] || [ "$days" -gt 35 ]; then
    echo "logical-dump: BACKUP_DAYS is $days; 1 to 35 are possible" >&2
    exit 2
fi
dumps=$BACKUP_DIR/dump
making=$dumps/.making
name=$(date -u +%Y-%m-%dT%H%M%SZ).dump

mkdir -p "$dumps"
pg_dump --format=custom --no-owner --no-password --file="$making"
pg_restore --file=/dev/null "$making"
sync "$making"
mv "$making" "$dumps/$name"
sync "$dumps"
echo "logical-dump: $dumps/$name"

find "$dumps" -mindepth 1 -maxdepth 1 -type f -name '2*Z.dump' ! -name "$name" -mtime "+$((days - 1))" -exec rm -f {} +
sh "$(dirname "$0")/stamp.sh"
