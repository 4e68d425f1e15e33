"""Importing a roster."""

from decimal import Decimal

import pytest

from apps.access.models import Contestant, Registration, School
from apps.access.services.roster import RosterOutdated, RosterRefused, import_roster
from apps.core.sheets import read_table
from tests.factories import (
    ContestantFactory,
    ExamFactory,
    RegistrationFactory,
    SchoolFactory,
    TimeBlockFactory,
)

pytestmark = pytest.mark.django_db

FULL = """external_id,name,school,team,division,grade,room,time_block,extra_minutes,time_factor,\
may_publish_name
a1,Ana Kovač,Gauss School,Red,Junior,7,101,Europe,10,1.25,yes
b2,Bo Li,GAUSS school,,,,,Asia,,,
c3,,,,,,,,0,1,no
"""


@pytest.fixture
def exam():
    exam = ExamFactory()
    TimeBlockFactory(exam=exam, name="Europe")
    TimeBlockFactory(exam=exam, name="Asia")
    return exam


def load(exam, text, **kwargs):
    return import_roster(exam_id=exam.pk, table=read_table(text.encode()), actor=None, **kwargs)


def test_import_roster_creates_people_schools_and_registrations(exam):
    ContestantFactory(contest=exam.contest, number=7)
    report = load(exam, FULL, time_block="Asia")
    assert (
        str(report) == "3 rows: 3 new contestants, 0 changed; 3 new registrations, 0 changed; 1 new school."
    )
    ana, bo, nameless = Contestant.objects.exclude(external_id="")
    assert (ana.number, ana.name, ana.school.name, ana.team, ana.division, ana.grade, ana.room) == (
        8,
        "Ana Kovač",
        "Gauss School",
        "Red",
        "Junior",
        "7",
        "101",
    )
    assert ana.may_publish_name
    assert (bo.number, bo.school) == (9, ana.school)
    assert (nameless.number, nameless.name, nameless.school) == (10, "", None)
    assert list(
        Registration.objects.order_by("contestant__number").values_list(
            "time_block__name", "extra_minutes", "time_factor"
        )
    ) == [("Europe", 10, Decimal("1.25")), ("Asia", 0, Decimal(1)), ("Asia", 0, Decimal(1))]
    assert list(report.registration_ids) == list(
        Registration.objects.order_by("contestant__number").values_list("pk", flat=True)
    )


def test_import_roster_again_changes_nothing(exam):
    load(exam, FULL, time_block="Asia")
    before = [list(model.objects.values()) for model in (Contestant, Registration, School)]
    report = load(exam, FULL, time_block="Asia")
    assert (
        str(report) == "3 rows: 0 new contestants, 0 changed; 0 new registrations, 0 changed; 0 new schools."
    )
    assert [list(model.objects.values()) for model in (Contestant, Registration, School)] == before


def test_import_roster_updates_what_the_file_has_and_leaves_the_rest(exam):
    load(exam, FULL, time_block="Asia")
    text = "external_id,school,time_block,extra_minutes\na1,Euler School,,5\nb2,,Europe,\n"
    report = load(exam, text)
    assert (report.changed_contestants, report.changed_registrations, report.new_schools) == (2, 2, 1)
    ana, bo = Contestant.objects.filter(external_id__in=["a1", "b2"])
    assert (ana.name, ana.team, ana.school.name) == ("Ana Kovač", "Red", "Euler School")
    assert bo.school is None
    ana, bo = Registration.objects.filter(contestant__in=[ana, bo]).order_by("contestant__number")
    assert (ana.time_block.name, ana.extra_minutes, ana.time_factor) == ("Europe", 5, Decimal("1.25"))
    assert (bo.time_block.name, bo.extra_minutes) == ("Europe", 0)


def test_import_roster_registers_known_contestants_for_another_exam(exam):
    load(exam, FULL, time_block="Asia")
    second = TimeBlockFactory(exam__contest=exam.contest, name="Only").exam
    report = load(second, "external_id\na1\n")
    assert (report.new_contestants, report.changed_contestants, report.new_registrations) == (0, 0, 1)
    ana = Contestant.objects.get(external_id="a1")
    assert ana.name == "Ana Kovač"
    assert sorted(ana.registrations.values_list("time_block__name", flat=True)) == ["Europe", "Only"]


def test_import_roster_finds_a_school_by_its_code(exam):
    SchoolFactory(contest=exam.contest, code="GS", name="Gauss School")
    load(exam, "external_id,school,time_block\na1,gs,Asia\nb2,gauss school,Asia\n")
    assert School.objects.count() == 1
    assert Contestant.objects.filter(school__code="GS").count() == 2


def test_import_roster_keeps_long_school_names_apart(exam):
    names = ["x" * 100 + end for end in "ab"]
    load(exam, f"external_id,school,time_block\na1,{names[0]},Asia\nb2,{names[1]},Asia\n")
    assert sorted(School.objects.values_list("name", flat=True)) == names


def test_import_roster_keeps_contests_apart(exam):
    other = RegistrationFactory(contestant__external_id="a1", contestant__name="Somebody else").contestant
    load(exam, FULL, time_block="Asia")
    other.refresh_from_db()
    assert other.name == "Somebody else"


def test_import_roster_writes_nothing_in_a_dry_run(exam):
    report = load(exam, FULL, time_block="Asia", dry_run=True)
    assert (report.new_contestants, report.new_schools, list(report.registration_ids)) == (3, 1, [])
    assert not any(model.objects.exists() for model in (Contestant, Registration, School))


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            "name,shool\nAna,x\n",
            [
                "Row 1, column shool: unknown; a roster has external_id, name, school, team, division, "
                "grade, room, time_block, extra_minutes, time_factor, may_publish_name.",
                "Row 1, column external_id: this column is required.",
            ],
        ),
        (
            "external_id,time_block,extra_minutes,time_factor,may_publish_name\n"
            "a1,Asia,5,1.5,yes\n"
            ",Asia,-1,11,maybe\n"
            "a1,Asia,1441,abc,\n"
            "b2,Asia,1.5,NaN,\n"
            "c3,Asia,٣,1.255,\n",
            [
                "Row 3, column external_id: each contestant needs an id of the organiser's.",
                "Row 3, column extra_minutes: “-1” is not a whole number of minutes from 0 to 1440.",
                "Row 3, column time_factor: “11” is not a factor like 1.25, from 1 to 10 with two decimals.",
                "Row 3, column may_publish_name: “maybe” is neither yes nor no.",
                "Row 4, column extra_minutes: “1441” is not a whole number of minutes from 0 to 1440.",
                "Row 4, column time_factor: “abc” is not a factor like 1.25, from 1 to 10 with two decimals.",
                "Row 4, column external_id: “a1” stands in row 2 already.",
                "Row 5, column extra_minutes: “1.5” is not a whole number of minutes from 0 to 1440.",
                "Row 5, column time_factor: “NaN” is not a factor like 1.25, from 1 to 10 with two decimals.",
                "Row 6, column extra_minutes: “٣” is not a whole number of minutes from 0 to 1440.",
                "Row 6, column time_factor: “1.255” is not a factor like 1.25, from 1 to 10 with two "
                "decimals.",
            ],
        ),
        (
            "external_id,time_block\na1,Africa\nb2,\n",
            [
                "Row 2, column time_block: there is no time block “Africa”; it has: Asia, Europe.",
                "Row 3, column time_block: the exam has several time blocks; it has: Asia, Europe.",
            ],
        ),
        (
            # What only the database knows is told together with the rest, row by row.
            "external_id,time_block,extra_minutes\na1,Africa,-1\n,Africa,\nb2,,5\n,,5\n",
            [
                "Row 2, column extra_minutes: “-1” is not a whole number of minutes from 0 to 1440.",
                "Row 2, column time_block: there is no time block “Africa”; it has: Asia, Europe.",
                "Row 3, column external_id: each contestant needs an id of the organiser's.",
                "Row 3, column time_block: there is no time block “Africa”; it has: Asia, Europe.",
                "Row 4, column time_block: the exam has several time blocks; it has: Asia, Europe.",
                "Row 5, column external_id: each contestant needs an id of the organiser's.",
            ],
        ),
        (
            "external_id,name,grade\n" + "x" * 101 + "," + "y" * 201 + ",7\n",
            [
                "Row 2, column external_id: at most 100 characters, here 101.",
                "Row 2, column name: at most 200 characters, here 201.",
            ],
        ),
        ("external_id\n\n", ["Row 2: the roster names nobody."]),
    ],
)
def test_import_roster_refuses_with_every_place_and_changes_nothing(exam, text, problems):
    with pytest.raises(RosterRefused) as refused:
        load(exam, text)
    assert str(refused.value).split("\n") == problems
    assert not Contestant.objects.exists()


def test_import_roster_tells_row_by_row_what_it_does(exam):
    load(exam, FULL, time_block="Asia")
    ContestantFactory(contest=exam.contest, external_id="d4", number=900)
    report = load(
        exam,
        "external_id,name,school,extra_minutes,time_factor,time_block,may_publish_name\n"
        "a1,Ana K.,,10,1.250,Asia,no\nb2,Bo Li,GAUSS SCHOOL,,,,\nd4,,,,,Asia,\ne5,Eve,,,,Asia,\n",
        dry_run=True,
    )
    assert [(line.row, line.external_id, line.change) for line in report.lines] == [
        (2, "a1", "changed"),
        (3, "b2", "unchanged"),
        (4, "d4", "registered"),
        (5, "e5", "new"),
    ]
    assert [(change.column, change.before, change.after) for change in report.lines[0].changes] == [
        ("name", "Ana Kovač", "Ana K."),
        ("may_publish_name", "yes", "no"),
        ("school", "Gauss School", ""),
        ("time_block", "Europe", "Asia"),
    ]
    assert report.unchanged == 1


def test_import_roster_does_only_what_was_shown(exam):
    text = "external_id,room,time_block\na1,101,Asia\n"
    shown = load(exam, text, dry_run=True).fingerprint
    ContestantFactory(contest=exam.contest, external_id="a1", room="99")
    with pytest.raises(RosterOutdated):
        load(exam, text, shown=shown)
    assert Contestant.objects.get().room == "99"
    load(exam, text, shown=load(exam, text, dry_run=True).fingerprint)
    assert Contestant.objects.get().room == "101"


def test_import_roster_takes_a_handful_of_statements(exam, django_assert_max_num_queries):
    def roster(room):
        rows = [f"id{number},Person {number},School {number % 40},{room},Asia" for number in range(1_000)]
        return "\n".join(["external_id,name,school,room,time_block", *rows])

    with django_assert_max_num_queries(16):
        load(exam, roster("101"))
    with django_assert_max_num_queries(16):
        load(exam, roster("102"))
    assert Contestant.objects.filter(room="102").count() == 1_000
