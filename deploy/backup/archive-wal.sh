#!/bin/sh
# PostgreSQL's archive_command: archive-wal.sh %p %f keeps one segment of the log, compressed, in $BACKUP_DIR/wal.
# It ends with 0 only when the segment is on disk. What is there is never overwritten: a segment that comes a
# second time (after a crash) must be the same one.
set -eu
umask 077
: "${BACKUP_DIR:?is not set}"
segment=$1
archive=$BACKUP_DIR/wal
kept=$archive/$2.gz
making=$archive/.$2.making

if [ -e "$kept" ]; then
    gzip -dc "$kept" | cmp -s - "$segment" && exit 0
    echo "archive-wal: $kept is there and is another segment" >&2
    exit 1
fi
gzip -1 -c "$segment" > "$making"
sync "$making"
ln "$making" "$kept" # fails where a name is taken, unlike mv
rm "$making"
sync "$archive"
