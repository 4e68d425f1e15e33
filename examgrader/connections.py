"""Whether the database has room for all our threads. Asked once, before gunicorn starts its processes."""

import re
import sys

import psycopg

CONNECTIONS_OF_A_THREAD = 2  # `default` and `saves`
KEPT_FREE = 10  # for commands, backups and whoever looks after the database
ASKING_SECONDS = 3


def refuse_too_many_threads(*, database_url: str, workers: int, threads: int) -> None:
    """Exit with a sentence rather than let contestants meet "too many clients" at the opening bell.

    A database that does not answer now is no reason to stay down: whoever asks for a page is told then.
    Other machines with web processes of their own are not seen from here; they share the same room.
    """
    needed = workers * threads * CONNECTIONS_OF_A_THREAD
    room = max_connections(database_url)
    if room is None:
        sys.stderr.write(
            "examgrader: the database does not answer yet; its max_connections was not checked.\n"
        )
    elif needed > room - KEPT_FREE:
        sys.exit(
            f"examgrader: {workers} processes of {threads} threads hold up to {needed} database connections,"
            f" but max_connections is {room} and {KEPT_FREE} are kept free."
            " Set WEB_CONCURRENCY lower, or max_connections higher."
        )


def max_connections(database_url: str) -> int | None:
    # The settings take several names for PostgreSQL, its own library only this one.
    url = re.sub(r"^\w+(?=://)", "postgresql", database_url)
    try:
        with psycopg.connect(url, connect_timeout=ASKING_SECONDS) as connection:
            row = connection.execute("SELECT current_setting('max_connections')::int").fetchone()
    except psycopg.Error:
        return None
    return row[0] if row else None
