#!/bin/sh
# A base backup now and every day; after a failure again in ten minutes. For containers; elsewhere a timer is better.
set -u
scripts=$(dirname "$0")
while :; do
    if sh "$scripts/base-backup.sh"; then
        sleep 86400
    else
        echo "daily: the backup failed; again in ten minutes" >&2
        sleep 600
    fi
done
