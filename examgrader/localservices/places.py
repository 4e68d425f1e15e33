"""Where servers keep their files, and how long we wait for them."""

import os
import re
import stat
import time
import zlib
from collections.abc import Callable
from pathlib import Path

LONGEST_SOCKET_FOLDER = 85  # a Unix socket's path holds 107 bytes, and the server adds its file name
PLAIN_FOLDER = re.compile(r"[A-Za-z0-9_./-]+")
PATIENCE_SECONDS = 30


class ServicesUnavailable(Exception):
    """No way to run a server of our own works here."""


def name_of(folder: Path) -> str:
    """A short name that stands for a folder, the same at every run."""
    return f"{zlib.crc32(os.fsencode(folder)):08x}"


def socket_folder(folder: Path, uid: int) -> Path:
    """Where a server's socket lies: in `folder`, or under /tmp where that path is too long or too odd.

    A comma parts two hosts in a database URL and a quote means something to PostgreSQL, so only plain
    names stay. `uid` is the user the server runs as.
    """
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER and PLAIN_FOLDER.fullmatch(str(folder)):
        return folder
    return private_folder(Path("/tmp") / f"examgrader-{uid}-{name_of(folder)}", uid=uid, mode=0o700)  # noqa: S108 - owner checked


def private_folder(path: Path, *, uid: int, mode: int) -> Path:
    """Make a folder where anybody may make one; refuse what somebody else put there before us."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = path.lstat()  # not stat: a symbolic link would lead us elsewhere
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid:
            raise ServicesUnavailable(
                f"{path} belongs to somebody else. Remove it, or set DATABASE_URL and REDIS_URL."
            ) from None
    else:
        if uid != os.geteuid():
            os.chown(path, uid, uid)
        path.chmod(mode)
    return path


def wait_until(ready: Callable[[], bool], *, failure: str) -> None:
    """Wait for a server to do what was asked of it."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not ready():
        if time.monotonic() > until:
            raise ServicesUnavailable(f"{failure} within {PATIENCE_SECONDS} s.")
        time.sleep(0.02)
