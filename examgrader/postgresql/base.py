"""Django's PostgreSQL with an end to waiting: a server that says nothing is not waited for by everybody."""

from types import SimpleNamespace
from typing import Any

import psycopg
from django.db.backends.postgresql import base

from examgrader.postgresql.silence import SERVER


class HeardConnection(psycopg.Connection[Any]):
    """Waits no longer than the server may be silent. Every statement of a connection waits here."""

    def wait(self, gen: Any, **named: Any) -> Any:  # type: ignore[override]
        wait = super().wait

        def ask(seconds: float | None) -> Any:
            return wait(gen, **named if seconds is None else {**named, "timeout": seconds})

        # What comes of a statement that was not waited for would be taken for the next one's.
        return SERVER.hear(ask, or_else=self.close)


class DatabaseWrapper(base.DatabaseWrapper):
    """Its connections, and the making of them, go through `silence`."""

    # psycopg as Django asks it for connections and for the names of errors.
    Database: Any = SimpleNamespace(**{**vars(psycopg), "connect": HeardConnection.connect})

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection[Any]:
        connect = super().get_new_connection
        connection: psycopg.Connection[Any] = SERVER.hear(lambda _: connect(conn_params))
        return connection
