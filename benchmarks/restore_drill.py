"""Lose the database in the middle of a sitting and get it back: how long it takes, and what is missing.

    make restore-drill                       (ARGS="--seconds 300 --archive-timeout 30" and so on)

A PostgreSQL of its own with deploy/postgres/postgresql.conf, the product under gunicorn, contestants who save
without a pause. A base backup (deploy/backup/base-backup.sh) is taken while they write, and they write on.
Then the server is killed and its data folder is deleted. restore.sh makes it anew from the backup and the
archive; the web stays up the whole time. In the end every page sends all its edits again, with their ops.

Printed are RTO (from the loss to the first new acknowledged save), RPO (the age of the oldest acknowledged
edit that the restored database lacked) and what is missing after the pages have sent again: nothing, or
it fails.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "deploy" / "backup"
LONGEST_RTO = 15 * 60
LONGEST_RPO = 60


@dataclass(frozen=True)
class Drill:
    """What a drill found, in seconds and numbers."""

    acked_count: int
    lost_count: int
    rpo: float
    restore_seconds: float
    rto: float
    differences: dict[str, Any]

    @property
    def passed(self) -> bool:
        return not self.differences and self.rpo <= LONGEST_RPO and self.rto <= LONGEST_RTO


def main() -> None:
    options = read_options()
    with tempfile.TemporaryDirectory(prefix="drill-", dir="/tmp") as folder:
        found = in_a_room_of_its_own(Path(folder), options, say)
    say("")
    say(f"{found.acked_count} edits were acknowledged before the loss.")
    say(f"{found.lost_count} of them were not in the restored database.")
    say(f"RPO {found.rpo:.1f} s (at most {LONGEST_RPO})")
    say(f"RTO {found.rto:.1f} s (at most {LONGEST_RTO}); restoring took {found.restore_seconds:.1f} s of it.")
    say(f"Missing after the pages sent again: {found.differences or 'nothing'}.")
    if not found.passed:
        sys.exit("The drill failed.")


def read_options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--savers", type=int, default=20, help="contestants who write")
    parser.add_argument(
        "--seconds", type=float, default=150, help="how long they write after the base backup"
    )
    parser.add_argument("--archive-timeout", type=int, help="instead of postgresql.conf's")
    return parser.parse_args(arguments)


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


class Server:
    """A PostgreSQL as deploy/postgres/postgresql.conf sets it up, listening on a socket only."""

    def __init__(self, folder: Path, archive_timeout: int | None) -> None:
        from examgrader.localservices import servants  # noqa: PLC0415 - the caller has set the path

        self.folder = folder
        self.backups = folder / "backup"
        for name in ("", "wal", "base", "dump"):
            (self.backups / name).mkdir(exist_ok=True)
        self.master = servants.servant(folder)
        for path in (self.backups, *self.backups.iterdir()):
            os.chown(path, self.master.uid, -1)
        self.archive_timeout = archive_timeout

    @property
    def data(self) -> Path:
        return self.master.data

    def make(self) -> None:
        from examgrader.localservices import postgres  # noqa: PLC0415

        postgres.initialise(self.master)
        self.configure()

    def configure(self) -> None:
        """The deployment's own configuration; only what names places is this drill's."""
        ours = {
            "hba_file": self.data / "pg_hba.conf",
            "archive_command": f"BACKUP_DIR={self.backups} sh {SCRIPTS}/archive-wal.sh %p %f",
            "shared_buffers": "64MB",
        }
        if self.archive_timeout:
            ours["archive_timeout"] = str(self.archive_timeout)
        lines = [f"include '{ROOT}/deploy/postgres/postgresql.conf'"]
        lines += [f"{name} = '{value}'" for name, value in ours.items()]
        (self.data / "postgresql.conf").write_text("\n".join(lines) + "\n")

    def start(self) -> str:
        from examgrader.localservices import postgres  # noqa: PLC0415

        return postgres.start(self.master)

    def lose(self) -> None:
        """kill -9 for every process of it, and the disk is gone."""
        from examgrader.localservices import places, postgres  # noqa: PLC0415

        pid = postgres.server_pid(self.data)
        if pid is None:
            raise RuntimeError("There is no server to lose.")
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for process in (pid, *map(int, children)):
            os.kill(process, signal.SIGKILL)
        places.wait_until(lambda: not postgres.is_alive(pid) or is_zombie(pid), failure="It did not die")
        shutil.rmtree(self.data)

    def stop(self) -> None:
        from examgrader.localservices import postgres  # noqa: PLC0415

        if self.data.exists():
            postgres.stop(self.master)

    def script(self, name: str, *arguments: str | Path, **environment: str) -> str:
        """Run one of deploy/backup's scripts as the server's user; returns what it said."""
        identity: dict[str, Any] = {}
        if self.master.uid != os.geteuid():
            identity = {"user": self.master.uid, "group": self.master.uid, "extra_groups": ()}
        done = subprocess.run(
            [*self.master.prefix, "sh", str(SCRIPTS / name), *map(str, arguments)],
            env={
                "PATH": f"{self.master.binaries}:{os.environ['PATH']}",
                "BACKUP_DIR": str(self.backups),
                "PGHOST": str(self.data),
                "PGUSER": "postgres",
                "PGDATABASE": "examgrader",
                **environment,
            },
            cwd="/",
            text=True,
            capture_output=True,
            check=False,
            **identity,
        )
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr.strip()}")
        return done.stdout.strip()


def is_zombie(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


@contextmanager
def server_in(folder: Path, archive_timeout: int | None) -> Iterator[Server]:
    server = Server(folder, archive_timeout)
    server.make()
    try:
        yield server
    finally:
        server.stop()


def in_a_room_of_its_own(folder: Path, options: argparse.Namespace, tell: Callable[[str], None]) -> Drill:
    """The whole drill; everything it makes is in `folder`."""
    from tests.support.savers import Saver, differences  # noqa: PLC0415
    from tests.support.serving import gunicorn  # noqa: PLC0415

    with server_in(folder, options.archive_timeout) as server:
        url = server.start()
        environment = {**secrets(), "REDIS_URL": "", "PUBLIC_URL": "http://localhost"}
        tokens = prepare(url, options.savers, environment)
        with gunicorn(url, folder, **environment) as web:
            savers = [
                Saver(port=web.port, token=token, numbers=(1, 2, 3), seed=seed, pause=0.2)
                for seed, token in enumerate(tokens)
            ]
            for saver in savers:
                saver.start()
            wait_for_new_saves(savers, since=0, patience=60)
            tell(server.script("base-backup.sh"))
            tell(f"{options.savers} contestants write on for {options.seconds:.0f} s.")
            time.sleep(options.seconds)
            tell("The server is killed and its data folder deleted.")
            lost_at = time.time()
            server.lose()
            acked_before = {
                edit.op: edit.acked_at for saver in savers for edit in saver.acked if edit.acked_at < lost_at
            }
            tell(server.script("restore.sh", server.data))
            server.configure()
            server.start()
            wait_until_open(url)
            restored = time.time()
            found = ops_in(url, before=lost_at)
            missing = [acked_at for op, acked_at in acked_before.items() if op not in found]
            wait_for_new_saves(savers, restored)
            serving = time.time()
            for saver in savers:
                saver.stop()
            for saver in savers:
                saver.resend_everything()
            rows = revisions(url)
    return Drill(
        acked_count=len(acked_before),
        lost_count=len(missing),
        rpo=lost_at - min(missing, default=lost_at),
        restore_seconds=restored - lost_at,
        rto=serving - lost_at,
        differences=differences(savers, rows) | given_up(savers),
    )


def given_up(savers: list[Any]) -> dict[str, Any]:
    edits = [edit.op for saver in savers for edit in saver.journal if edit.acked_at is None]
    return {"given up": edits} if edits else {}


def wait_for_new_saves(savers: list[Any], since: float, patience: float = LONGEST_RTO) -> None:
    until = time.monotonic() + patience
    while not any(edit.acked_at > since for saver in savers for edit in saver.acked[-1:]):
        if time.monotonic() > until:
            raise RuntimeError(f"Nobody can save: {[saver.failures[-1:] for saver in savers]}")
        time.sleep(0.02)


def wait_until_open(url: str) -> None:
    """Until the log is replayed: before that nobody is let in, and pg_ctl does not wait for it."""
    import psycopg  # noqa: PLC0415

    until = time.monotonic() + LONGEST_RTO
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def secrets() -> dict[str, str]:
    from examgrader.localservices import SECRETS  # noqa: PLC0415

    return {name: f"{name}-for-this-drill-only-0123456789abcdef" for name in SECRETS}


PREPARE = """
import os, sys, django
from datetime import UTC, datetime
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.support.rooms import open_room
print(*open_room(datetime.now(tz=UTC), int(sys.argv[1])))
"""


def prepare(url: str, count: int, environment: dict[str, str]) -> list[str]:
    """Tables and started papers, by a process of its own: this one may have settings already."""
    done = subprocess.run(
        [sys.executable, "-c", PREPARE, str(count)],
        cwd=ROOT,
        env={
            **os.environ,
            **environment,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "examgrader.settings",
        },
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.split()


def revisions(url: str) -> list[tuple[Any, ...]]:
    import psycopg  # noqa: PLC0415

    with psycopg.connect(url) as line:
        return line.execute("SELECT op, number, text, state FROM submissions_answerrevision").fetchall()


def ops_in(url: str, *, before: float) -> set[str]:
    """What the restored database holds of the time before the loss; pages may be saving already."""
    import psycopg  # noqa: PLC0415

    with psycopg.connect(url) as line:
        moment = datetime.fromtimestamp(before, tz=UTC)
        rows = line.execute("SELECT op FROM submissions_answerrevision WHERE received_at < %s", [moment])
        return {str(op) for (op,) in rows}


if __name__ == "__main__":
    main()
