"""Saved means committed, and committed means on disk: the database must not be set to promise less."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import connections

NEEDED = ("fsync", "full_page_writes", "synchronous_commit")


def check_durability(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Refuse a server that answers before the disk does. Run by `migrate` and `check --database default`."""
    return [message for alias in databases or () for message in weaknesses(alias)]


def weaknesses(alias: str) -> list[CheckMessage]:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(NEEDED)])
        found = dict(cursor.fetchall())
    return [
        Error(
            f"{name} is off in the database {alias!r}: after a crash, saved answers could be missing.",
            hint=f"Set {name} to on, in the settings of the server, the role and the database.",
            id="examgrader.E001",
        )
        for name in NEEDED
        if found[name] == "off"
    ]
