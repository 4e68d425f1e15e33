"""The guide's way without containers: its units, and what its commands make of the configurations."""

import re
import shutil
import subprocess

import pytest

from tests.support.serving import ROOT

GUIDE = (ROOT / "docs" / "operator.md").read_text()
PART = GUIDE.split("### Without containers")[1].split("\n### ")[0]
UNITS = ROOT / "deploy" / "systemd"
HOME = "/srv/examgrader"


def made_by_the_guide(source):
    """What the guide's `sed` makes of a configuration of ours."""
    typed = re.search(rf"^(sed (?:[^\n]*\\\n)*\s*{re.escape(source)}) > ", PART, re.MULTILINE)
    done = subprocess.run(["sh", "-c", typed[1]], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout


def settings_in(text):
    """The lines of a configuration without its remarks."""
    return re.sub(r"#.*", "", text)


def verify(folder):
    units = [str(path) for path in folder.iterdir()]
    done = subprocess.run(["systemd-analyze", "verify", *units], check=False, capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.fixture
def units(tmp_path):
    """The units, for a product that lies here."""
    for path in UNITS.iterdir():
        (tmp_path / path.name).write_text(path.read_text().replace(HOME, str(ROOT)))
    return tmp_path


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze here")
def test_systemd_knows_every_line_of_our_units(units):
    assert verify(units) == ""
    service = units / "examgrader.service"
    service.write_text(service.read_text().replace("KillMode=", "KilMode="))
    assert "KilMode" in verify(units), "the control"


def test_units_run_what_the_guide_installs():
    for path in UNITS.glob("*.service"):
        text = path.read_text()
        assert HOME in text
        for file in re.findall(rf"{HOME}/(deploy/\S+)", text):
            assert (ROOT / file).exists()
        for file in re.findall(r"EnvironmentFile=(\S+)", text):
            assert f"> {file}" in PART, "the guide makes it"
    assert {f"examgrader-{name}.timer" for name in ("backup", "close-overdue")} <= set(PART.split())


def test_the_proxy_of_the_guide_knows_no_container():
    made = settings_in(made_by_the_guide("deploy/proxy/nginx.conf"))
    assert (
        re.findall(r"web:8000|/etc/nginx/\w+|/dev/stdout|808\d|844\d|^error_log stderr", made, re.MULTILINE)
        == []
    )
    assert made.count("server 127.0.0.1:8000 ") == 2
    # What Debian's own unit waits for, and who its master hands the requests to.
    assert "pid /run/nginx.pid;" in made
    assert made.startswith("user www-data;")


def test_the_database_of_the_guide_archives_into_the_folder_of_its_backups():
    made = settings_in(made_by_the_guide("deploy/postgres/postgresql.conf"))
    folder = re.search(r"^BACKUP_DIR=(.*)$", PART, re.MULTILINE)[1]
    assert f"archive_command = 'BACKUP_DIR={folder} sh {HOME}/deploy/backup/archive-wal.sh %p %f'" in made
    assert "listen_addresses" not in made
    assert "hba_file" not in made
    assert f"install -d -o postgres -m 0700 {folder}/wal {folder}/base {folder}/dump" in PART
    assert f"BACKUP_STAMP={folder}/stamp" in PART
