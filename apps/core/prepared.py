"""Statements that run prepared, in autocommit, on connections of their own (the alias "saves").

PostgreSQL plans such a statement once for each connection, where planning costs as much as running it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import Error, NotSupportedError, connections

from apps.core.database import is_passing, is_read_only

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.backends.base.base import BaseDatabaseWrapper


def ask(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of one statement that does no harm when it is run twice.

    A connection that broke, or that leads to a server which only reads any more, is replaced and the
    statement repeated once. The same goes for a prepared statement that a migration made obsolete
    (NotSupportedError). What passes (`is_passing`) but lasts longer is raised.
    """
    connection = connections["saves"]
    try:
        return fetch(connection, statement, parameters)
    except Error as error:
        if not (is_passing(error) or isinstance(error, NotSupportedError)):
            raise
        lasts = not is_read_only(error) and not isinstance(error, NotSupportedError)
        if lasts and connection.is_usable():
            raise  # a lock was not to be had, or the time ran out
    connection.close()
    return fetch(connection, statement, parameters)


def fetch(
    connection: BaseDatabaseWrapper, statement: str, parameters: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
