"""`export_contestant`, `erase_contestant` and `erase_exam_people`, as somebody types them."""

import io
import json
import sys
import zipfile
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from apps.access.models import Contestant, Erasure
from apps.grading.models import Publication
from apps.submissions.models import Submission
from tests.support.canaries import build_world, canary

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return build_world()


def run(command, world, **options):
    err = io.StringIO()
    call_command(command, world.exam.slug, stderr=err, **options)
    return err.getvalue()


def erase(world, **options):
    wanted = {"contestant": world.contestant.number, "reason": "Asked by the parents"}
    return run("erase_contestant", world, **{**wanted, **options})


def is_erased():
    return Erasure.objects.exists()


# -- Exporting ----------------------------------------------------------------------------------------------


@pytest.fixture
def exported(world, tmp_path):
    path = tmp_path / "contestant.zip"
    said = run("export_contestant", world, contestant=world.contestant.number, out=path)
    assert said == f"What is kept about contestant {world.contestant.public_number} is written to {path}.\n"
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_export_contestant_holds_all_that_was_written(exported):
    words = ("Ana", "Id", "School", "Team", "Division", "Grade", "Room", "Room2", "Answer1", "Answer2")
    more = ("Late", "Promoted", "Comment", "Moved", "Revoked", "Cheated", "Alone")
    for file in ("contestant.txt", "contestant.json"):
        assert [word for word in words + more if canary(word) not in exported[file]] == []


def test_export_contestant_holds_no_word_of_the_staff(exported, world):
    everything = "\n".join(exported.values())
    for word in (canary("Note"), canary("Referred"), canary("Reply"), world.organiser.username):
        assert word not in everything
    assert world.paper.blind_code not in everything
    assert bytes(world.contestant.keys.first().digest).hex() not in everything


def test_export_contestant_can_be_read(exported):
    assert "name: Zq7Ana Zq7Kovac\n" in exported["contestant.txt"]
    assert "Notes of graders among themselves" in exported["about.txt"]
    kept = json.loads(exported["contestant.json"])
    [result] = kept["exams"][0]["published_results"]
    assert (result["rank"], result["total"]) == (2, "9.00")


def test_export_contestant_holds_no_scores_before_they_are_published(world, tmp_path, now):
    Publication.objects.filter(withdrawn_at=None).update(withdrawn_at=now, withdrawn_reason="An error")
    path = tmp_path / "contestant.zip"
    run("export_contestant", world, contestant=world.contestant.number, out=path)
    with zipfile.ZipFile(path) as archive:
        kept = json.loads(archive.read("contestant.json"))
    assert kept["exams"][0]["published_results"] == []
    assert canary("Comment") not in json.dumps(kept)


def test_export_contestant_never_writes_over_a_file(world, tmp_path):
    path = tmp_path / "contestant.zip"
    path.write_text("mine")
    with pytest.raises(CommandError, match="exists already"):
        run("export_contestant", world, contestant=world.contestant.number, out=path)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("command", ["export_contestant", "erase_contestant"])
def test_an_unknown_number_is_told(command, world, tmp_path):
    options = {"out": tmp_path / "x.zip"} if command == "export_contestant" else {"reason": "Asked"}
    with pytest.raises(CommandError, match="has the number 9999"):
        run(command, world, contestant=9999, **options)
    assert not (tmp_path / "x.zip").exists()


# -- Erasing ------------------------------------------------------------------------------------------------


def test_erase_contestant_without_a_terminal_wants_yes(world, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="say --yes"):
        erase(world)
    assert not is_erased()
    assert "is erased" in erase(world, yes=True)
    assert is_erased()


@pytest.mark.parametrize(("offset", "erased"), [(0, True), (1, False)])
def test_erase_contestant_asks_for_the_number_again(world, monkeypatch, offset, erased):
    terminal = io.StringIO(f"{world.contestant.number + offset:04d}\n")
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stdin", terminal)
    if erased:
        assert "This cannot be undone." in erase(world)
    else:
        with pytest.raises(CommandError, match="that is not the number"):
            erase(world)
    assert is_erased() == erased


def test_erase_contestant_dry_run_says_what_would_go(world):
    said = erase(world, dry_run=True)
    assert "     4  texts of answers, with every revision\n" in said
    assert said.endswith("Nothing was erased: this was a dry run.\n")
    assert not is_erased()


def test_erase_contestant_again_says_so(world):
    erase(world, yes=True)
    assert "Erased already on" in erase(world, yes=True)


def test_erase_contestant_refuses_an_open_paper_in_one_sentence(world, real_now):
    Submission.objects.filter(pk=world.paper.pk).update(
        submitted_at=None, submitted_by="", deadline_at=real_now + timedelta(hours=1)
    )
    with pytest.raises(CommandError, match="paper is still open"):
        erase(world, yes=True)
    assert not is_erased()


def test_erase_contestant_tells_the_log_what_to_erase_after_a_restore(
    world, caplog, django_capture_on_commit_callbacks
):
    with caplog.at_level("INFO"), django_capture_on_commit_callbacks(execute=True):
        erase(world, yes=True)
    line = f"erased contestant {world.contestant.public_number} of {world.exam.contest.slug}"
    assert line in caplog.messages


# -- Retention ----------------------------------------------------------------------------------------------


def test_erase_exam_people_waits_for_the_day(world, real_now):
    Publication.objects.update(published_at=real_now - timedelta(days=90))
    assert run("erase_exam_people", world, older_than=91) == "0 contestants erased.\n"
    due = "4 contestants are due. Nothing was erased: this was a dry run.\n"
    assert run("erase_exam_people", world, older_than=90, dry_run=True) == due
    assert not is_erased()
    assert run("erase_exam_people", world, older_than=90) == "4 contestants erased.\n"
    assert run("erase_exam_people", world, older_than=90) == "0 contestants erased.\n"
    assert set(Contestant.objects.values_list("name", flat=True)) == {""}


def test_erase_exam_people_refuses_no_days_at_all(world):
    with pytest.raises(CommandError, match="at least one day"):
        run("erase_exam_people", world, older_than=0)
