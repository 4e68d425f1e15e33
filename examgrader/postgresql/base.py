"""Django's PostgreSQL with an end to waiting: a server that says nothing is not waited for by everybody."""

from functools import partial
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection

from examgrader.postgresql.silence import SERVER


class DatabaseWrapper(base.DatabaseWrapper):
    """Its connections, and the making of them, go through `silence`."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        connect = super().get_new_connection
        connection: Connection[Any] = SERVER.hear(lambda _: connect(conn_params))
        # Every statement of a connection waits here, and nothing was sent yet when it begins to.
        connection.wait = partial(wait, connection, connection.wait)  # type: ignore[method-assign]
        return connection


def wait(connection: Connection[Any], wait_for: Any, gen: Any, **named: Any) -> Any:
    """psycopg's own wait, not longer than the server may be silent."""

    def ask(seconds: float | None) -> Any:
        return wait_for(gen, **named) if seconds is None else wait_for(gen, **{**named, "timeout": seconds})

    # What comes of a statement that was not waited for would be taken for the next one's.
    return SERVER.hear(ask, or_else=connection.close)
