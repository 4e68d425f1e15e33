"""The launcher, run for real: each test has a project folder, a database and a cache of its own."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from examgrader.localservices import SECRETS, places, postgres, servants, valkey

LAUNCHER = Path(servants.__file__).parent
HOLDER = """
import os, signal, sys
# Whoever runs the tests in the background may have made us ignore these two.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from examgrader import localservices
try:
    localservices.attach()
except localservices.ServicesUnavailable as refusal:
    sys.exit(f"examgrader: {refusal}")
print(os.environ["DATABASE_URL"], os.environ["REDIS_URL"], flush=True)
sys.stdin.read()
"""
NOT_ROOT = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has other users to fall back on")


class Project:
    """A folder with the launcher in it, and processes that hold its services."""

    def __init__(self, folder, data=None):
        self.folder = folder
        self.var = folder / "var"
        self.holders = []
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL", *SECRETS}
        }
        (folder / "examgrader").mkdir(parents=True)
        (folder / "examgrader" / "__init__.py").touch()
        shutil.copytree(LAUNCHER, folder / "examgrader" / "localservices")
        if data:
            shutil.copytree(data, self.data)

    @property
    def data(self):
        return self.var / "postgres"

    def begin(self, *prefix):
        holder = subprocess.Popen(
            [*prefix, sys.executable, "-c", HOLDER],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.holders.append(holder)
        return holder

    def hold(self, *prefix):
        """Begin, and wait for the two URLs."""
        holder = self.begin(*prefix)
        urls = holder.stdout.readline().split()
        if len(urls) != 2:
            pytest.fail(f"The launcher gave up: {holder.communicate()[1]}")
        holder.database, holder.redis = urls
        return holder

    def end(self, holder, number=None):
        """End the holder in its own time, or by a signal; return what it complained about."""
        if number:
            holder.send_signal(number)
        return holder.communicate(timeout=20)[1]

    @property
    def server(self):
        """The database server's process, None when there is none."""
        pid = postgres.server_pid(self.data.resolve())
        return pid if pid and postgres.serves(pid, self.data.resolve()) else None

    def refuse_namespaces(self):
        """A container whose rules forbid user namespaces."""
        folder = self.folder / "bin"
        folder.mkdir()
        (folder / "unshare").write_text("#!/bin/sh\nexit 1\n")
        (folder / "unshare").chmod(0o755)
        self.environment["PATH"] = f"{folder}:{os.environ['PATH']}"

    def clear(self):
        for holder in self.holders:
            if holder.poll() is None:
                holder.kill()
                holder.communicate()
        valkey.stop(self.var)  # a killed holder stops nothing
        if pid := self.server:
            os.kill(pid, signal.SIGQUIT)
            places.wait_until(lambda: not self.server, failure="PostgreSQL did not quit")
        for folder in (
            servants.SHARED_HOMES / f"examgrader-{places.name_of(self.var)}",
            *self.socket_folders(),
        ):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self.folder)

    def socket_folders(self):
        for folder in (self.var, self.data, self.data.resolve()):
            yield from Path("/tmp").glob(f"examgrader-*-{places.name_of(folder)}")


def accepts(holder):
    with psycopg.connect(holder.database) as database:
        found = database.execute("SELECT current_setting('fsync'), lower('ÅΩ')").fetchone()
    return found == ("on", "åω") and valkey.answers(Path(urlsplit(holder.redis).path))


def uid_of(pid):
    return Path(f"/proc/{pid}").stat().st_uid


@pytest.fixture(scope="module")
def made_data(tmp_path_factory):
    """A database folder made once, for the tests that do not look at how it is made."""
    project = Project(tmp_path_factory.mktemp("made"))
    project.end(project.hold())
    data = tmp_path_factory.mktemp("data") / "postgres"
    shutil.move(project.data, data)
    project.clear()
    return data


@pytest.fixture
def make_project(tmp_path, made_data):
    """Projects by their folder's name; whatever they leave behind is cleared away."""
    made = []

    def make(name="project", data=made_data):
        made.append(Project(tmp_path / name, data))
        return made[-1]

    yield make
    for project in made:
        project.clear()


@pytest.fixture
def project(make_project):
    return make_project()


def test_the_second_holder_shares_and_the_last_one_out_stops(make_project):
    project = make_project(data=None)
    first = project.hold()
    second = project.hold()
    assert accepts(first)
    assert second.database == first.database
    assert (project.var / "secrets.env").stat().st_mode & 0o777 == 0o600
    project.end(first)
    assert accepts(second)
    project.end(second)
    assert project.server is None
    assert not valkey.answers(valkey.socket_path(project.var))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_holder_stops_the_servers(project, number):
    holder = project.hold()
    project.end(holder, number)
    assert holder.returncode != 0
    assert project.server is None


def test_servers_left_by_a_killed_holder_are_used_again_and_stopped(project):
    project.end(project.hold(), signal.SIGKILL)
    left = project.server
    assert left
    holder = project.hold()
    assert project.server == left
    assert accepts(holder)
    project.end(holder)
    assert project.server is None


@pytest.mark.parametrize("alive", [True, False])
def test_a_stale_pid_file_is_cleared_away(project, alive):
    """After a power cut the number may belong to nobody, or to some other program."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    pid = os.getpid() if alive else ended.pid
    (project.data / "postmaster.pid").write_text(
        f"{pid}\n{project.data}\n1700000000\n5432\n/tmp\n\n  0  0\nready\n"
    )
    assert accepts(project.hold())


def test_an_interrupted_first_start_is_made_good(make_project):
    project = make_project(data=None)
    (project.var / "postgres.new" / "base").mkdir(parents=True)
    assert accepts(project.hold())


@pytest.mark.parametrize("name", ["long" * 30, "it's a folder, with blanks", 'said "$HOME" `id` \\'])
def test_a_folder_may_have_any_name(make_project, name):
    project = make_project(name)
    if os.geteuid() != 0 and servants.BREAKS_QUOTES & set(name):
        assert "rename it" in project.end(project.begin())
    else:
        assert accepts(project.hold())


def test_somebody_elses_folder_under_tmp_is_refused(make_project, tmp_path):
    project = make_project("long" * 30)
    trap = Path(f"/tmp/examgrader-{os.geteuid()}-{places.name_of(project.data)}")
    trap.symlink_to(tmp_path)
    assert "belongs to somebody else" in project.end(project.begin())
    trap.unlink()


def test_an_ordinary_user_needs_no_help(project):
    holder = project.hold(*(NOT_ROOT if os.geteuid() == 0 else ()))
    assert accepts(holder)
    assert os.getsid(project.server) != os.getsid(holder.pid)  # Ctrl-C in the terminal does not reach it


@needs_root
def test_without_namespaces_an_unprivileged_user_runs_the_server(project):
    """Neither the data nor the programs can be reached by it: both move, and the data are found again."""
    project.folder.chmod(0o700)
    holder = project.hold()
    assert uid_of(project.server) == 0
    with psycopg.connect(holder.database) as database:
        database.execute("CREATE TABLE kept AS SELECT 417 AS number")
    project.end(holder)

    project.refuse_namespaces()
    holder = project.hold()
    assert uid_of(project.server) == servants.NOBODY
    with psycopg.connect(holder.database) as database:
        assert database.execute("SELECT number FROM kept").fetchone() == (417,)
    project.end(holder)
    assert project.server is None

    del project.environment["PATH"]
    assert uid_of(project.hold() and project.server) == 0


@needs_root
def test_when_everything_is_refused_one_line_names_the_way_out(project):
    project.refuse_namespaces()
    holder = project.begin("setpriv", "--bounding-set=-setuid,-setgid", "--inh-caps=-setuid,-setgid")
    complaint = project.end(holder)
    assert holder.returncode == 1
    assert complaint.count("\n") == 1
    assert "DATABASE_URL" in complaint


def test_a_database_of_your_own_is_left_alone(project):
    """Nothing is started, not even a folder is made."""
    project.environment |= {"DATABASE_URL": "postgresql://db.invalid/x", "REDIS_URL": "redis://cache.invalid"}
    shutil.rmtree(project.var)
    holder = project.hold()
    assert holder.database == "postgresql://db.invalid/x"
    assert not project.var.exists()


def test_a_database_named_in_the_env_file_counts(project):
    (project.folder / ".env").write_text(
        "DATABASE_URL=postgresql://db.invalid/x\nREDIS_URL=redis://cache.invalid\n"
    )
    assert project.hold().database == "postgresql://db.invalid/x"
    assert project.server is None
