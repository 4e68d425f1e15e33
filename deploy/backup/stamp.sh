#!/bin/sh
# When the last good backup ended, in seconds since 1970, for BACKUP_STAMP: the metrics and the console show its age.
set -eu
umask 022
: "${BACKUP_DIR:?is not set}"
date +%s > "$BACKUP_DIR/.stamp.making"
mv "$BACKUP_DIR/.stamp.making" "$BACKUP_DIR/stamp"
