#!/bin/sh
# PostgreSQL's restore_command: fetch-wal.sh %f %p. Not to have the segment is how the end of the archive is told.
set -eu
: "${BACKUP_DIR:?is not set}"
kept=$BACKUP_DIR/wal/$1.gz
[ -e "$kept" ] || exit 1
gzip -dc "$kept" > "$2"
