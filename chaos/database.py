"""A PostgreSQL of our own, and what can happen to one."""

import os
import shutil
import signal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from chaos import processes
from examgrader.localservices import postgres, servants
from examgrader.localservices.places import socket_folder

SOCKET = f".s.PGSQL.{postgres.PORT}"
# Whoever works for the application: neither us nor PostgreSQL's own processes.
OF_APPLICATION = """
from pg_stat_activity where datname = current_database() and backend_type = 'client backend'
and application_name <> 'chaos' and pid <> pg_backend_pid()
"""


class Database:
    """The server with its data in `folder`; a copy of `template`, if there is one."""

    def __init__(self, folder: Path, *, template: Path | None = None) -> None:
        self.master = servants.servant(folder)
        self.sockets = socket_folder(self.master.data, self.master.uid)
        if template is not None:
            shutil.copytree(template, self.master.data)
        self._plain = ""

    # -- Its life ------------------------------------------------------------------------------------------

    def start(self, **settings: str) -> None:
        """Start with these settings beside those it always has; without any, as it always is."""
        own = self.master.data / "postgresql.auto.conf"
        if (self.master.data / "PG_VERSION").exists():
            own.write_text("".join(f"{name} = '{value}'\n" for name, value in settings.items()))
        postgres.start(self.master)

    def stop(self) -> None:
        pid = self.pid
        if pid is not None and processes.is_alive(pid):
            processes.thaw(pid)
        postgres.stop(self.master)

    def stop_at_once(self) -> None:
        """As a crash: nothing is written any more, and all connections break (`pg_ctl -m immediate`)."""
        pid = self.pid
        if pid is None:
            return
        processes.send([pid], signal.SIGQUIT)
        processes.wait_for(
            lambda: not postgres.serves(pid, self.master.data), within=20, what="PostgreSQL dies"
        )

    def freeze(self) -> None:
        if self.pid is not None:
            processes.freeze(self.pid)

    def thaw(self) -> None:
        if self.pid is not None:
            processes.thaw(self.pid)

    @property
    def pid(self) -> int | None:
        return postgres.server_pid(self.master.data)

    # -- Talking to it -------------------------------------------------------------------------------------

    def url(self, sockets: Path | None = None) -> str:
        """Its address; through a proxy, the folder of that one's socket."""
        host = quote(str(sockets or self.sockets), safe="/")
        return f"postgresql://postgres@:{postgres.PORT}/{postgres.DATABASE}?host={host}"

    @property
    def socket(self) -> Path:
        return self.sockets / SOCKET

    def connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(self.url(), autocommit=True, application_name="chaos", connect_timeout=5)

    def ask(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            cursor = connection.execute(query.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def one(self, query: str, *parameters: Any) -> Any:
        return self.ask(query, *parameters)[0][0]

    def count_connections(self) -> int:
        return int(self.one(f"select count(*) {OF_APPLICATION}"))

    def cut_connections(self) -> int:
        """End every connection of the application; return how many there were."""
        return len(self.ask(f"select pg_terminate_backend(pid) {OF_APPLICATION}"))

    def read_log(self) -> str:
        return (self.master.data / "server.log").read_text(errors="replace")

    def keep_as(self, template: Path) -> None:
        """A copy of the data, made while it does not run."""
        shutil.copytree(self.master.data, template)
        (template / "server.log").unlink(missing_ok=True)
        if self.master.uid != os.geteuid():
            os.chown(template, os.geteuid(), -1)
