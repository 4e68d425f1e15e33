"""Importing a roster from the console: shown first, then done or not."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.access import forms
from apps.access.admin import roster
from apps.access.models import Contestant, Registration
from apps.core.sheets import xlsx_bytes
from apps.exams.enums import StaffRole
from tests.factories import ContestantFactory, ExamStaffFactory, TimeBlockFactory

pytestmark = pytest.mark.django_db

PAGE = "/console/access/contestant/roster/"
CONFIRM = f"{PAGE}confirm/"
HIDDEN = re.compile(r'<input type="hidden" name="(exam|time_block|roster|shown)"(?: value="([^"]*)")?')


@pytest.fixture
def exam():
    return TimeBlockFactory(exam__title="Spring Round", name="Europe").exam


@pytest.fixture
def console(client, exam):
    client.force_login(ExamStaffFactory(exam=exam, role=StaffRole.ORGANISER).user)
    return client


@pytest.fixture
def upload(console, exam):
    """Send a file and give the page that answers."""

    def send(content, **fields):
        content = content.encode() if isinstance(content, str) else content
        file = SimpleUploadedFile("roster", content)
        return console.post(PAGE, {"exam": exam.pk, "file": file, **fields})

    return send


def carried(response):
    """What the page's own form sends when it is confirmed."""
    return {name: value or "" for name, value in HIDDEN.findall(response.content.decode())}


def test_a_roster_is_shown_first_and_written_when_confirmed(console, upload):
    assert "only external_id is required" in console.get(PAGE).content.decode()
    shown = upload("external_id,name\na1,Ana\n")
    page = shown.content.decode()
    assert "What this roster would do in Spring Round" in page
    assert "1 new, 0 changed" in page
    assert not Contestant.objects.exists()

    done = console.post(CONFIRM, carried(shown), follow=True)
    assert "Spring Round: 1 row: 1 new contestant, 0 changed" in done.content.decode()
    assert Contestant.objects.get().name == "Ana"

    again = upload("external_id,name\na1,Ana\n").content.decode()
    assert "there is nothing to import" in again
    assert "confirm-roster" not in again


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffexternal_id;name;room\r\na1;Ana; 101\r\n;;\r\n",
        xlsx_bytes(["External ID", "Name", "Room"], [["a1", "Ana", 101]], title="Roster"),
    ],
    ids=["bom and semicolons", "xlsx"],
)
def test_files_as_spreadsheets_write_them_are_read(console, upload, content):
    console.post(CONFIRM, carried(upload(content)))
    assert Contestant.objects.values_list("external_id", "name", "room").get() == ("a1", "Ana", "101")


def test_every_error_is_told_at_once_with_row_and_column(upload):
    page = upload("external_id,time_factor,time_block\na1,99,Europe\na1,1,Asia\n").content.decode()
    cells = [re.sub(r"<[^>]+>|\s+", " ", row).split() for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)]
    assert [(row[0], row[1]) for row in cells[1:]] == [
        ("2", "time_factor"),
        ("3", "external_id"),
        ("3", "time_block"),
    ]
    assert "3 things to put right; nothing was written" in " ".join(page.split())
    assert "confirm-roster" not in page


def test_thousands_of_errors_are_counted_and_the_first_are_shown(upload, monkeypatch):
    monkeypatch.setattr(roster, "PROBLEMS_SHOWN", 2)
    page = upload("external_id,time_factor\n" + "".join(f"a{n},99\n" for n in range(5))).content.decode()
    assert "And 3 more." in page
    assert page.count("is not a factor") == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a,a\n", "the name “a” stands there twice"),
        ("external_id\nGrößer\n".encode("latin-1"), "Row 2: the file is not UTF-8"),
        (b"external_id\n" + b"x" * 10_000_000, "The file is larger than 10 MB."),
        (b"external_id\n" + b"x\n" * 20_000, "The table has more than 20000 rows."),
        (b"PK\x03\x04 nothing", "The workbook is damaged or no workbook"),
        (b"", "The submitted file is empty."),
    ],
)
def test_a_file_that_is_no_roster_is_refused_in_a_sentence(upload, content, sentence):
    assert sentence in upload(content).content.decode()


def test_a_roster_too_long_for_a_page_is_refused(upload, monkeypatch):
    monkeypatch.setattr(forms, "LARGEST_ROSTER", 50)
    assert "too long to be looked at on a page" in upload("external_id\na1\n").content.decode()


def test_changes_are_shown_with_before_and_after(upload, exam):
    ContestantFactory(contest=exam.contest, external_id="a1", name="Ann <b>", room="")
    page = " ".join(upload("external_id,name,room\na1,Ana,101\n").content.decode().split())
    assert "name: <del>Ann &lt;b&gt;</del> → <ins>Ana</ins>" in page
    assert "room: <del>blank</del> → <ins>101</ins>" in page
    assert "new in this exam" in page


def test_what_changed_meanwhile_is_shown_again_instead_of_written(console, upload, exam):
    shown = carried(upload("external_id,room\na1,101\n"))
    ContestantFactory(contest=exam.contest, external_id="a1", room="99")
    response = console.post(CONFIRM, shown)
    assert response.status_code == 409
    page = response.content.decode()
    assert "the roster would now do something else" in page
    assert "<del>99</del>" in page
    assert not Registration.objects.exists()
    assert console.post(CONFIRM, carried(response)).status_code == 302
    assert Contestant.objects.get().room == "101"


def test_a_block_that_is_gone_meanwhile_is_told(console, upload, exam):
    shown = carried(upload("external_id,time_block\na1,Europe\n"))
    exam.time_blocks.update(name="Elsewhere")
    response = console.post(CONFIRM, shown)
    assert response.status_code == 409
    assert "There is no time block “Europe”" in response.content.decode()
    assert not Contestant.objects.exists()


def test_a_roster_that_was_not_shown_is_refused(console, upload):
    shown = carried(upload("external_id\na1\n"))
    response = console.post(CONFIRM, {**shown, "roster": shown["roster"][:-2]})
    assert response.status_code == 400
    assert "Upload the file again." in response.content.decode()
    assert not Contestant.objects.exists()


def test_a_roster_is_for_organisers_of_the_exam(client, console, upload, exam):
    shown = carried(upload("external_id\na1\n"))
    for role in (StaffRole.GRADER, StaffRole.LEAD_GRADER, StaffRole.PROCTOR, StaffRole.OBSERVER):
        client.force_login(ExamStaffFactory(exam=exam, role=role).user)
        assert client.get(PAGE).status_code == 403
        assert client.post(CONFIRM, shown).status_code == 403
    client.force_login(ExamStaffFactory(role=StaffRole.ORGANISER).user)
    assert client.post(CONFIRM, shown).status_code == 400
    assert not Contestant.objects.exists()


def test_confirming_is_a_press(console):
    assert console.get(CONFIRM).status_code == 405
    assert reverse("admin:access_contestant_roster_confirm") == CONFIRM
