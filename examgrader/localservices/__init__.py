"""The launcher: PostgreSQL and Valkey under `var/`, for a machine that has neither.

Settings only ever see two URLs. Where `DATABASE_URL` is unset, whoever needs a database calls
`attach()`: it starts what is not running, sets the URLs, and holds a shared lock on `var/in-use`.
The last holder to leave stops the servers. The kernel drops the lock of a process that was killed,
so no count can go stale; servers left behind by such a death are found alive and used again.
"""

import atexit
import fcntl
import os
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import environ

from examgrader.localservices import postgres, valkey
from examgrader.localservices.places import ServicesUnavailable
from examgrader.localservices.servants import Servant, servant

__all__ = ["ServicesUnavailable", "attach"]

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR = BASE_DIR / "var"
SECRETS = ("SECRET_KEY", "ACCESS_KEY_PEPPER", "RECEIPT_SIGNING_KEY", "JWT_SIGNING_KEY")


def attach(*, even_with_database: bool = False) -> None:
    """Make sure that `DATABASE_URL`, `REDIS_URL` and the secrets are set, until this process ends.

    With `DATABASE_URL` set nothing is started, unless `even_with_database` asks for the rest
    (the demo and the tests, where each URL replaces only its own server).
    Refuses with `ServicesUnavailable` when no way to run a server works.
    """
    # What stands in `.env` counts here as in the settings: a database named there is not replaced.
    environ.Env.read_env(str(BASE_DIR / ".env"))
    if os.environ.get("DATABASE_URL") and not even_with_database:
        read_secrets()
        return
    VAR.mkdir(exist_ok=True)
    with one_at_a_time():
        create_secrets()
    read_secrets()
    wanted = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if wanted:
        hold(wanted)


def hold(wanted: list[str]) -> None:
    """Start the servers whose URLs are wanted and keep them until the last holder ends."""
    master = servant(VAR) if "DATABASE_URL" in wanted else None
    in_use = (VAR / "in-use").open("a")
    atexit.register(release, in_use, master, os.getpid())
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            # Without a handler the signal ends Python before `atexit`, and the servers are left running.
            signal.signal(number, lambda caught, _frame: sys.exit(128 + caught))
    with one_at_a_time():
        fcntl.flock(in_use, fcntl.LOCK_SH)
        if master is not None:
            os.environ["DATABASE_URL"] = postgres.start(master)
        if "REDIS_URL" in wanted:
            os.environ["REDIS_URL"] = valkey.start(VAR)


def release(in_use: IO[str], master: Servant | None, owner: int) -> None:
    """Stop the servers if nobody else holds them. A forked child is not a holder of its own."""
    if os.getpid() != owner:
        return
    with one_at_a_time():
        try:
            fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        valkey.stop(VAR)
        if master is not None:
            try:
                postgres.stop(master)
            except ServicesUnavailable as reason:
                sys.stderr.write(f"examgrader: {reason}\n")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """One process at a time starts or stops servers."""
    with (VAR / "starting").open("a") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield


def create_secrets() -> None:
    """Make the secrets once, readable only by us. A file that exists is whole: it came by renaming."""
    path = VAR / "secrets.env"
    if path.exists():
        return
    making = VAR / "secrets.env.new"
    making.unlink(missing_ok=True)
    with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name}={secrets.token_urlsafe(48)}\n" for name in SECRETS)
    making.rename(path)


def read_secrets() -> None:
    """Set the secrets that the environment does not name from `var/secrets.env`, where that exists."""
    with suppress(FileNotFoundError):
        for line in (VAR / "secrets.env").read_text().splitlines():
            name, _, value = line.partition("=")
            os.environ.setdefault(name, value)
