"""A small rehearsal against a real gunicorn, from the first key to the last result, and its interruption."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import timedelta
from io import StringIO
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.exams.enums import ProblemKind
from apps.exams.models import Exam
from apps.grading.management.rehearsal import conducting, report, schedule
from apps.grading.management.rehearsal.stored import read_revisions
from apps.grading.services.rehearsing import open_sandbox
from apps.submissions.models import AnswerRevision
from examgrader.localservices import BASE_DIR as ROOT
from tests import factories

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True, databases=["default", "saves"])]

# The clock of a busy machine says nothing here: what is slow is judged in rehearsals, not in tests.
PATIENT = {"save_limit": 60_000, "page_limit": 60_000}
SHORT = {"burst": 1.0, "minutes": 0.12, "closing": 1.0, "herd": 1.0}


@pytest.fixture
def exam():
    """All four kinds of problems, ready, with an odd title."""
    exam = factories.ExamFactory(slug="spring", title="Spring <Round> & more")
    factories.TimeBlockFactory(exam=exam)
    factories.ProblemFactory(exam=exam, number=1)
    factories.ProblemFactory(exam=exam, number=2, kind=ProblemKind.EXPRESSION, accepted=["3/4"])
    factories.ProblemFactory(exam=exam, number=3, kind=ProblemKind.PROOF, accepted=[])
    choice = factories.ProblemFactory(
        exam=exam, number=4, kind=ProblemKind.CHOICE, accepted=["A"], statement=None
    )
    factories.StatementVersionFactory(
        problem=choice,
        choices=[{"label": label, "text": label} for label in "ABC"],
        choices_html=["<p>a</p>", "<p>b</p>", "<p>c</p>"],
    )
    return exam


@pytest.fixture
def environment():
    """What a process of the deployment is started with: the settings and the database of this test."""
    database = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(database._replace(path=f"/{connection.settings_dict['NAME']}"))
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = str(trial.getsockname()[1])
    return os.environ | {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "examgrader.settings_test",
        "PORT": port,
        "WEB_CONCURRENCY": "1",
    }


@pytest.fixture
def deployment(environment):
    """A real gunicorn with our settings for it; its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", "examgrader/gunicorn.conf.py", "--log-level", "error"],
        cwd=ROOT,
        env=environment,
    )
    url = f"http://127.0.0.1:{environment['PORT']}"
    try:
        wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def wait_for(url):
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("gunicorn did not start")


def rehearse(url, folder, contestants=24, **changes):
    said = StringIO()
    options = {"url": url, "out": folder, "contestants": contestants, "stderr": said} | SHORT | PATIENT
    try:
        call_command("rehearse", "spring", **(options | changes))
    finally:
        print(said.getvalue())  # noqa: T201 - shown where the test fails
    return json.loads((folder / "report.json").read_text())


def rows_of_all_tables():
    with connection.cursor() as cursor:
        counts = {}
        for table in connection.introspection.table_names():
            cursor.execute(f'select count(*) from "{table}"')  # noqa: S608
            counts[table] = cursor.fetchone()[0]
    return counts


def test_rehearse_says_go_and_leaves_nothing_behind(exam, deployment, tmp_path):
    before = rows_of_all_tables()
    folder = tmp_path / "report"
    # Long enough that of 24 somebody reloads.
    found = rehearse(deployment, folder, minutes=0.35)
    assert found["verdict"]["is_go"], found["verdict"]
    integrity = found["integrity"]
    assert (integrity["lost"], integrity["duplicated"], integrity["phantom"]) == (0, 0, 0)
    assert integrity["acked"] == integrity["edits"] == integrity["stored"] > 24
    actions = {row["action"]: row for row in found["actions"]}
    # Everybody goes all the way; one of them enters on a second device, and each has a parent.
    assert actions["enter"]["count"] == 24 + 1 + 24
    assert actions["start"]["count"] == actions["submit"]["count"] == actions["receipt"]["count"] == 24
    assert actions["result"]["count"] == 48
    assert actions["paper"]["count"] > 24  # some reload
    assert actions["save by form"]["count"] > 0  # some have no script
    assert actions["asset"]["errors"] == 0
    assert sum(row["errors"] for row in found["actions"]) == 0
    assert rows_of_all_tables() == before
    assert (found["statements"]["save"], found["statements"]["heartbeat"]) == (1, 1)
    assert actions["save"]["statements"] == 1
    assert set(actions) - set(found["statements"]) == {"asset", "save by form"}
    compare_with_page(found, (folder / "report.html").read_text())


def compare_with_page(found, page):
    """The page shows the document's numbers, row by row, and asks nobody for anything."""
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr><td>.*?</tr>", page)]
    shown = {row[0]: row for row in rows}
    for one in found["actions"]:
        columns = ("count", "errors", "p50_ms", "p95_ms", "p99_ms", "quiet_p99_ms", "limit_ms", "worst_ms")
        assert shown[one["action"]][1:9] == [
            "–" if one[column] is None else str(one[column]) for column in columns
        ]
    for name in ("acked", "lost", "duplicated", "phantom", "edits", "stored"):
        assert f"<dd>{found['integrity'][name]}</dd>" in page
    assert f"<b>{found['capacity']['count']}</b>" in page
    assert "Spring &lt;Round&gt; &amp; more" in page
    assert re.findall(r"(?:src|href)=|url\(|@import|<script", page) == []


def test_rehearse_finds_what_a_deployment_loses(exam, deployment, tmp_path, monkeypatch):
    """The control: with rows taken from what the database shows, the verdict is no-go."""
    monkeypatch.setattr(conducting, "read_revisions", lambda *of: read_revisions(*of)[1:])
    with pytest.raises(CommandError, match=r"[12] acknowledged edits were lost"):
        rehearse(deployment, tmp_path / "report", contestants=3)
    assert not AnswerRevision.objects.exists()


def test_rehearse_looks_for_the_limit(exam, deployment, tmp_path, monkeypatch):
    for module in (schedule, conducting):
        monkeypatch.setattr(module, "STEPS", 2)
    before = rows_of_all_tables()
    # Many enough that some of half of them save within half a step.
    found = rehearse(
        deployment, tmp_path / "report", contestants=100, find_limit=True, step=6, no_assets=True
    )
    assert found["capacity"] == {"count": 100, "is_least": True, "how": "measured in steps: all of them held"}
    assert [step["contestants"] for step in found["steps"]] == [50, 100]
    assert found["integrity"]["acked"] > 0
    assert rows_of_all_tables() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_rehearse_cleans_up_when_it_is_interrupted(exam, deployment, environment, tmp_path, number):
    before = rows_of_all_tables()
    command = [sys.executable, "manage.py", "rehearse", "spring", "--contestants", "6", "--burst", "1"]
    process = subprocess.Popen(
        [*command, "--url", deployment, "--out", str(tmp_path / "report")],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in range(600):
        if AnswerRevision.objects.count() > 6:  # the crowd is writing
            break
        time.sleep(0.1)
    assert AnswerRevision.objects.exists()
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert rows_of_all_tables() == before


def test_rehearse_names_a_deployment_with_other_keys(exam, environment, tmp_path):
    stranger = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", "examgrader/gunicorn.conf.py", "--log-level", "error"],
        cwd=ROOT,
        env=environment | {"DJANGO_SETTINGS_MODULE": "tests.support.other_pepper"},
    )
    url = f"http://127.0.0.1:{environment['PORT']}"
    try:
        wait_for(url)
        with pytest.raises(CommandError, match="does not know the keys"):
            rehearse(url, tmp_path / "report")
    finally:
        stranger.terminate()
        stranger.wait(30)
    assert Exam.objects.count() == 1


def test_rehearse_names_a_deployment_that_is_not_there(exam, tmp_path, monkeypatch):
    monkeypatch.setattr(conducting, "PROBE_PATIENCE", 1.0)
    with pytest.raises(CommandError, match="does not answer as Examgrader does"):
        rehearse("http://127.0.0.1:9", tmp_path / "report")
    assert Exam.objects.count() == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"contestants": 0}, "Say how many sit"),
        ({"contestants": 20_000}, "from 1 to 19999"),
        ({"processes": 0}, "--processes is at least 1"),
    ],
)
def test_rehearse_refuses_odd_numbers(exam, tmp_path, options, sentence):
    with pytest.raises(CommandError, match=sentence):
        rehearse("http://127.0.0.1:9", tmp_path / "report", **options)


@pytest.mark.parametrize("option", [["--burst", "0"], ["--minutes", "nan"], ["--url", "exam.example.org"]])
def test_rehearse_refuses_an_odd_word(exam, option):
    with pytest.raises(CommandError, match="is not a"):
        call_command("rehearse", "spring", "--contestants", "3", *option)


def test_rehearse_does_not_write_over_a_report(exam, tmp_path):
    with pytest.raises(CommandError, match="exists already"):
        rehearse("http://127.0.0.1:9", tmp_path)


def test_rehearse_names_an_exam_that_is_not_there():
    with pytest.raises(CommandError, match=r"There is no exam autumn\."):
        call_command("rehearse", "autumn", "--contestants", "3")


def test_clean_removes_what_a_crash_left_behind(exam, real_now):
    before = rows_of_all_tables()
    for _ in range(2):
        open_sandbox(exam_id=exam.pk, contestants=2, closes_at=real_now + timedelta(hours=1), now=real_now)
    said = StringIO()
    call_command("rehearse", "spring", "--clean", stderr=said)
    assert "2 sandboxes removed" in said.getvalue()
    assert rows_of_all_tables() == before
    assert report.document.FORMAT == "examgrader-rehearsal/1"
