"""The commands of grading, as one types them."""

import csv
import stat

import pytest
from django.core.management import CommandError, call_command

from apps.grading.models import GradingTask, Publication
from tests import factories

pytestmark = pytest.mark.django_db

POINTS = ("p1", "p2")


@pytest.fixture
def run(exam, capsys):
    """Run a command on the exam and return what it says."""

    def run(name, *arguments):
        call_command(name, exam.slug, *arguments)
        said = capsys.readouterr()
        assert said.out == ""
        return said.err

    return run


def test_create_grading_tasks_says_how_many(run, hand_in):
    hand_in("42", "1")
    assert run("create_grading_tasks") == "2 answers queued for grading.\n"
    assert run("create_grading_tasks") == "0 answers queued for grading.\n"
    assert GradingTask.objects.count() == 2


def test_publish_results_and_withdraw(run, grade):
    grade(7, 3)
    assert "Publication 1" in run("publish_results")
    assert "withdrawn" in run("publish_results", "--withdraw", "--reason", "Too early.")
    assert Publication.objects.get().withdrawn_reason == "Too early."


def test_publish_results_names_what_is_missing(run, hand_in):
    hand_in("42", "1")
    with pytest.raises(CommandError, match="Problem 1: 1 answer is not scored"):
        run("publish_results")


def test_withdrawing_nothing_is_refused(run):
    with pytest.raises(CommandError, match="No results of this exam are published"):
        run("publish_results", "--withdraw")


@pytest.mark.parametrize(
    "command",
    [("create_grading_tasks",), ("publish_results",), ("export_results", "--out", "results.csv")],
)
def test_an_unknown_exam_is_refused(command):
    name, *options = command
    with pytest.raises(CommandError, match="There is no exam nowhere"):
        call_command(name, "nowhere", *options)


@pytest.fixture
def published(grade, publish, exam, block, hand_in, tmp_path):
    school = factories.SchoolFactory(name="@school")
    person = {
        "contestant__name": "=cmd|'x'!A1",
        "contestant__external_id": "+7",
        "contestant__school": school,
    }
    grade("6.5", 3, contestant__number=2, contestant__team="-team", contestant__division="\tA", **person)
    grade(7, 7, contestant__number=1, contestant__name="Ana")
    factories.RegistrationFactory(
        exam=exam, time_block=block, contestant__number=3, contestant__name="Absent"
    )
    hand_in("42", "1", disqualification="A phone.", contestant__number=4, contestant__name="Out")
    publish()
    return tmp_path / "results.csv"


def rows_of(path):
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_export_results_writes_the_columns_of_the_contract(run, published):
    run("export_results", "--out", str(published))
    header = published.read_text().partition("\n")[0]
    assert header == "rank,number,external_id,name,school,team,division,status,total,p1,p2"
    first, second, absent, out = rows_of(published)
    assert (first["rank"], first["number"], first["status"], first["total"]) == ("1", "0001", "ranked", "14")
    assert (second["rank"], second["total"], second["p1"], second["p2"]) == ("2", "9.5", "6.5", "3")
    assert [absent[column] for column in ("rank", "status", "total", *POINTS)] == [
        "",
        "absent",
        "-",
        "-",
        "-",
    ]
    assert (out["rank"], out["status"], out["total"]) == ("", "disqualified", "-")
    assert stat.S_IMODE(published.stat().st_mode) == 0o600


def test_export_results_escapes_formulas(run, published):
    run("export_results", "--out", str(published))
    second = rows_of(published)[1]
    assert [second[column] for column in ("external_id", "name", "school", "team", "division")] == [
        "'+7",
        "'=cmd|'x'!A1",
        "'@school",
        "'-team",
        "'\tA",
    ]


def test_export_results_never_holds_the_note_for_graders(run, grade, publish, tmp_path):
    grade(7, 3)
    task = GradingTask.objects.get(answer__number=1)
    factories.ScoreFactory(task=task, version=2, points=1, note="CANARY", comment="CANARY")
    publish()
    for name, options in (("a.csv", ()), ("b.csv", ("--draft",))):
        run("export_results", "--out", str(tmp_path / name), *options)
        assert "CANARY" not in (tmp_path / name).read_text()


def test_export_results_never_overwrites_a_file(run, published):
    published.write_text("mine")
    with pytest.raises(CommandError, match="exists already"):
        run("export_results", "--out", str(published))
    assert published.read_text() == "mine"


def test_export_results_refuses_other_formats(run, published, tmp_path):
    with pytest.raises(CommandError, match="CSV or XLSX"):
        run("export_results", "--out", str(tmp_path / "results.pdf"))
    assert not (tmp_path / "results.pdf").exists()


def test_export_results_refuses_a_folder_that_is_not_there(run, published, tmp_path):
    with pytest.raises(CommandError, match="No such file or directory"):
        run("export_results", "--out", str(tmp_path / "nowhere" / "results.csv"))


def test_export_results_before_publication_needs_the_draft_option(run, grade, hand_in, tmp_path):
    grade(7, 3)
    hand_in("42", "1")
    with pytest.raises(CommandError, match="Ask for a draft"):
        run("export_results", "--out", str(tmp_path / "results.csv"))
    run("export_results", "--out", str(tmp_path / "results.csv"), "--draft")
    first, second = rows_of(tmp_path / "results.csv")
    assert (first["rank"], first["total"], first["p2"]) == ("1", "10", "3")
    assert (second["rank"], second["total"], second["p1"]) == ("2", "0", "-")
