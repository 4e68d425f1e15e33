#!/bin/sh
# A base backup, checked, in $BACKUP_DIR/base; then what is older than BACKUP_DAYS goes, with the log nobody needs
# any more. The connection is libpq's: PGHOST, PGUSER, PGPASSWORD; its role needs REPLICATION.
set -eu
umask 077
: "${BACKUP_DIR:?is not set}"
days=${BACKUP_DAYS:-30}
# Erased means erased: what was erased from the database must be gone from the backups after 35 days.
if [ "$days" -lt 1 ] || [ "$days" -gt 35 ]; then
    echo "base-backup: BACKUP_DAYS is $days; 1 to 35 are possible" >&2
    exit 2
fi
base=$BACKUP_DIR/base
making=$base/.making
name=$(date -u +%Y-%m-%dT%H%M%SZ)

rm -rf "$making"
pg_basebackup --pgdata="$making" --wal-method=stream --checkpoint=fast --no-password
pg_verifybackup --quiet "$making"
mv "$making" "$base/$name"
sync "$base"
echo "base-backup: $base/$name"

# The newest one stays, however old it is.
find "$base" -mindepth 1 -maxdepth 1 -type d -name '2*Z' ! -name "$name" -mtime "+$((days - 1))" -exec rm -rf {} +
oldest=$(find "$base" -mindepth 1 -maxdepth 1 -type d -name '2*Z' | sort | head -n 1)
first=$(sed -n 's/^START WAL LOCATION: .* (file \([0-9A-F]*\))$/\1/p' "$oldest/backup_label")
pg_archivecleanup -x .gz "$BACKUP_DIR/wal" "$first"
find "$BACKUP_DIR/wal" -name '*.backup.gz' -mtime "+$((days - 1))" -exec rm -f {} +

sh "$(dirname "$0")/stamp.sh"
