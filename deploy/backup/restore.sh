#!/bin/sh
# restore.sh DATA [BACKUP] [TIME]: make a data folder from a base backup and the archive. Without BACKUP the newest one,
# without TIME up to the last archived segment. Then start PostgreSQL on DATA: it replays, and serves.
#   restore.sh /var/lib/postgresql/data
#   restore.sh /var/lib/postgresql/data /backup/base/2026-03-13T020000Z '2026-03-14 15:59:00+00'
set -eu
umask 077
: "${BACKUP_DIR:?is not set}"
scripts=$(cd "$(dirname "$0")" && pwd)
data=$1
backup=${2:-$(find "$BACKUP_DIR/base" -mindepth 1 -maxdepth 1 -type d -name '2*Z' | sort | tail -n 1)}
if [ ! -f "$backup/backup_label" ]; then
    echo "restore: there is no base backup in ${backup:-$BACKUP_DIR/base}" >&2
    exit 1
fi
if [ -e "$data" ] && [ -n "$(ls -A "$data")" ]; then
    echo "restore: $data is not empty; move it away first, its newest log may still be of use" >&2
    exit 1
fi
pg_verifybackup --quiet "$backup"
mkdir -p "$data"
cp -R "$backup/." "$data/"
chmod 0700 "$data"
# Where the socket lies among the data, its lock was copied too. It names a process of the lost server, and
# PostgreSQL does not start while any process of its user has that number.
rm -f "$data"/.s.PGSQL.*
{
    echo "restore_command = 'BACKUP_DIR=\"$BACKUP_DIR\" sh \"$scripts/fetch-wal.sh\" %f \"%p\"'"
    echo "recovery_target_timeline = 'latest'"
    if [ -n "${3:-}" ]; then
        echo "recovery_target_time = '$3'"
        echo "recovery_target_action = 'promote'"
    fi
} >> "$data/postgresql.auto.conf"
touch "$data/recovery.signal"
echo "restore: $data is made from $backup; start PostgreSQL on it"
