"""Backups are real only after a restore: the scripts of deploy/backup, run on a PostgreSQL of their own."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from benchmarks import restore_drill
from examgrader.localservices.places import ServicesUnavailable

pytestmark = pytest.mark.long

WAL_BYTES = 16 * 1024 * 1024


@pytest.fixture
def folder():
    """Short, for a socket lies in it."""
    path = Path(tempfile.mkdtemp(prefix="drill-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def test_a_lost_database_comes_back_and_the_pages_bring_the_rest(folder):
    """The drill, small: a segment of the log is closed after two seconds here."""
    options = restore_drill.read_options(["--savers", "4", "--seconds", "6", "--archive-timeout", "2"])
    found = restore_drill.in_a_room_of_its_own(folder, options, lambda words: None)
    assert found.differences == {}
    assert found.acked_count > found.lost_count, "what was archived came back"
    assert found.rpo <= restore_drill.LONGEST_RPO
    assert found.rpo >= 0
    assert found.rto <= restore_drill.LONGEST_RTO


def test_control_without_the_archive_everything_since_the_base_backup_is_missing(folder, monkeypatch):
    """The drill can fail: the same loss with nothing archived is seen, and the pages still bring it back."""
    fetched = restore_drill.Server.script

    def without_archive(self, name, *arguments, **environment):
        if name == "restore.sh":
            for segment in (self.backups / "wal").glob("*.gz"):
                segment.unlink()
        return fetched(self, name, *arguments, **environment)

    monkeypatch.setattr(restore_drill.Server, "script", without_archive)
    options = restore_drill.read_options(["--savers", "2", "--seconds", "5", "--archive-timeout", "2"])
    found = restore_drill.in_a_room_of_its_own(folder, options, lambda words: None)
    assert found.rpo >= 4
    assert found.differences == {}


def test_backups_that_are_too_old_go_with_their_log_and_the_newest_stays(folder):
    with restore_drill.server_in(folder, None) as server:
        url = server.start()
        made = []
        for _ in range(3):
            server.script("base-backup.sh", BACKUP_DAYS="30")
            with psycopg.connect(url, autocommit=True) as line:
                line.execute("SELECT pg_switch_wal()")
            made = sorted((server.backups / "base").iterdir())
            time.sleep(1.1)  # their names are seconds
        old = time.time() - 31 * 24 * 3600
        os.utime(made[0], (old, old))
        first = min(path.name for path in (server.backups / "wal").glob(f"{24 * '?'}.gz"))
        server.script("base-backup.sh", BACKUP_DAYS="30")
        left = sorted((server.backups / "base").iterdir())
        assert made[0] not in left
        assert made[1] in left
        assert not (server.backups / "wal" / first).exists(), "nobody needs that segment any more"
        for path in left:
            os.utime(path, (old, old))
        server.script("base-backup.sh", BACKUP_DAYS="30")
        assert len(list((server.backups / "base").iterdir())) == 1
        stamp = int((server.backups / "stamp").read_text())
        assert abs(time.time() - stamp) < 120
        with pytest.raises(RuntimeError, match="1 to 35"):
            server.script("base-backup.sh", BACKUP_DAYS="36")


def test_a_restored_server_starts_whoever_has_the_lost_ones_number_now(folder):
    with restore_drill.server_in(folder, None) as server:
        server.start()
        server.script("base-backup.sh")
        (locked,) = (server.backups / "base").glob("2*Z/.s.PGSQL.*.lock")
        server.lose()
        server.script("restore.sh", server.data)
        server.configure()
        assert list(server.data.glob(".s.PGSQL.*")) == []
        with subprocess.Popen(["sleep", "60"], user=server.master.uid) as somebody:
            # The control: with the lock of the backup, and its number taken, it would not start.
            lock = server.data / locked.name
            lock.write_text(re.sub(r"^\d+", str(somebody.pid), locked.read_text()))
            with pytest.raises(ServicesUnavailable, match="could not start server"):
                server.start()
            somebody.kill()
        lock.unlink(missing_ok=True)
        server.start()


def test_a_dump_is_read_again_before_it_counts(folder):
    with restore_drill.server_in(folder, None) as server:
        url = server.start()
        with psycopg.connect(url, autocommit=True) as line:
            line.execute("CREATE TABLE kept AS SELECT generate_series(1, 10) AS number")
            server.script("logical-dump.sh")
            (dump,) = (server.backups / "dump").glob("2*Z.dump")
            line.execute("DROP TABLE kept")
            subprocess.run([server.master.binaries / "pg_restore", f"--dbname={url}", str(dump)], check=True)
            assert line.execute("SELECT count(*) FROM kept").fetchone() == (10,)


# -- The archive ------------------------------------------------------------------------------------


def archive(folder, content, name="000000010000000000000001"):
    (folder / "wal").mkdir(exist_ok=True)
    segment = folder / "segment"
    segment.write_bytes(content)
    command = ["sh", str(restore_drill.SCRIPTS / "archive-wal.sh"), str(segment), name]
    return subprocess.run(
        command, env={**os.environ, "BACKUP_DIR": str(folder)}, capture_output=True, check=False
    )


def test_a_segment_is_archived_once_and_never_overwritten(tmp_path):
    assert archive(tmp_path, b"a" * WAL_BYTES).returncode == 0
    assert archive(tmp_path, b"a" * WAL_BYTES).returncode == 0, "the same again, after a crash"
    refused = archive(tmp_path, b"b" * WAL_BYTES)
    assert refused.returncode == 1
    assert b"is another segment" in refused.stderr
    fetched = tmp_path / "fetched"
    command = ["sh", str(restore_drill.SCRIPTS / "fetch-wal.sh"), "000000010000000000000001", str(fetched)]
    subprocess.run(command, env={**os.environ, "BACKUP_DIR": str(tmp_path)}, check=True)
    assert fetched.read_bytes() == b"a" * WAL_BYTES


def test_half_a_segment_never_has_a_name(tmp_path):
    """A disk that fills while a segment is copied: no part passes for a segment; PostgreSQL is told."""
    (tmp_path / "wal").mkdir()
    segment = tmp_path / "segment"
    segment.write_bytes(os.urandom(1024 * 1024))
    script = (
        f"ulimit -f 64; exec sh {restore_drill.SCRIPTS}/archive-wal.sh {segment} 000000010000000000000001"
    )
    done = subprocess.run(
        ["sh", "-c", script],
        env={**os.environ, "BACKUP_DIR": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert done.returncode != 0
    assert list((tmp_path / "wal").glob("0*")) == []


def test_restoring_never_overwrites_a_data_folder(tmp_path):
    (tmp_path / "base" / "2026-01-01T000000Z").mkdir(parents=True)
    (tmp_path / "base" / "2026-01-01T000000Z" / "backup_label").touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").touch()
    done = subprocess.run(
        ["sh", str(restore_drill.SCRIPTS / "restore.sh"), str(tmp_path / "data")],
        env={**os.environ, "BACKUP_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "is not empty" in done.stderr
