"""An exam once more: what contestants are shown, and nothing of who sat it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from apps.exams.models import Exam, ExamStaff
from apps.exams.rules.shifting import Times, shifted
from apps.exams.services import duplicating, editing
from tests import factories
from tests.exams.papers import SVG
from tests.factories import NOW

BERLIN = "Europe/Berlin"


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("by", "zone", "opens_at"),
    [
        (timedelta(0), BERLIN, at(2026, 3, 14, 14)),
        (timedelta(days=7), BERLIN, at(2026, 3, 21, 14)),
        # 15:00 stays 15:00 when the clocks have gone forward, in Berlin two weeks after New York.
        (timedelta(days=21), BERLIN, at(2026, 4, 4, 13)),
        (timedelta(days=21), "America/New_York", at(2026, 4, 4, 14)),
        (timedelta(days=365, hours=1), BERLIN, at(2027, 3, 14, 15)),
        # 02:30 on 29 March does not exist in Berlin.
        (timedelta(days=14, hours=11, minutes=30), BERLIN, at(2026, 3, 29, 1, 30)),
    ],
)
def test_shifted_keeps_the_clocks_time_and_the_length(by, zone, opens_at):
    times = Times(at(2026, 3, 14, 14), at(2026, 3, 14, 15), at(2026, 3, 14, 17))
    moved = shifted(times, zone, by)
    assert moved.opens_at == opens_at
    assert moved.closes_at - moved.opens_at == timedelta(hours=3)
    assert moved.last_entry_at - moved.opens_at == timedelta(hours=1)
    assert shifted(Times(times.opens_at, None, times.closes_at), zone, by).last_entry_at is None


@pytest.fixture
def exam(db):
    exam = factories.ExamFactory(slug="spring", clock="personal", duration_minutes=90, blind=False)
    editing.put_figure(exam_id=exam.pk, name="t.svg", data=SVG, actor=None)
    problem = factories.ProblemFactory(
        exam=exam, number=1, kind="choice", accepted=["A"], max_points="2.5", statement=None
    )
    editing.add_statement_version(
        problem_id=problem.pk,
        source="Newer ![t](t.svg)",
        choices=[{"label": "A", "text": "![a](t.svg)"}, {"label": "B", "text": "two"}],
        note="Corrected.",
        actor=None,
        now=NOW,
    )
    factories.ProblemFactory(
        exam=exam, number=2, not_counted=True, not_counted_reason="Wrong.", first_scored_at=NOW
    )
    factories.ProblemFactory(exam=exam, number=3, statement=None)
    factories.TimeBlockFactory(exam=exam, name="Late", zone="America/New_York", opens_at=at(2026, 3, 14, 19))
    factories.TimeBlockFactory(exam=exam, name="Early", opens_at=at(2026, 3, 14, 14))
    factories.ExamStaffFactory(exam=exam, role="grader")
    Exam.objects.filter(pk=exam.pk).update(first_started_at=NOW, notices=3)
    return exam


def duplicate(exam, **changes):
    wanted = {"slug": "autumn", "title": "Autumn", "first_opens_at": None, "actor": None, "now": NOW}
    copy = duplicating.duplicate_exam(exam_id=exam.pk, **{**wanted, **changes})
    copy.refresh_from_db()
    return copy


def test_duplicate_exam_takes_over_what_contestants_are_shown(exam):
    copy = duplicate(exam)
    assert (copy.slug, copy.title, copy.status) == ("autumn", "Autumn", "draft")
    assert (copy.clock, copy.duration_minutes, copy.blind) == ("personal", 90, False)
    assert [problem.number for problem in copy.problems.all()] == [1, 2, 3]
    first = copy.problems.get(number=1)
    assert (first.kind, first.accepted, first.max_points) == ("choice", ["A"], 2.5)
    statement = first.statements.get()
    assert (statement.version, statement.source) == (1, "Newer ![t](t.svg)")
    assert [choice["label"] for choice in statement.choices] == ["A", "B"]
    assert not copy.problems.get(number=3).statements.exists()


def test_duplicate_exam_leaves_behind_what_was_of_the_sitting(exam):
    copy = duplicate(exam)
    assert (copy.first_started_at, copy.notices, copy.version) == (None, 0, 1)
    assert copy.contest != exam.contest
    assert not copy.staff.exists()
    assert not copy.problems.filter(not_counted=True).exists()
    assert not copy.problems.exclude(first_scored_at=None).exists()
    assert copy.problems.get(number=1).statements.get().note == ""


def test_duplicate_exam_gives_figures_addresses_of_their_own(exam):
    copy = duplicate(exam)
    old, new = exam.figures.get(), copy.figures.get()
    assert (new.name, bytes(new.content), new.digest) == (old.name, bytes(old.content), old.digest)
    statement = copy.problems.get(number=1).statements.get()
    for html in (statement.html, statement.choices_html[0]):
        assert f"/figures/{new.public_id}/" in html
        assert str(old.public_id) not in html


def test_duplicate_exam_moves_the_blocks_along_with_the_first(exam):
    copy = duplicate(exam, first_opens_at=datetime(2027, 6, 5, 10))  # noqa: DTZ001 - local on purpose
    early, late = copy.time_blocks.all()
    assert (early.name, early.opens_at) == ("Early", at(2027, 6, 5, 8))
    assert (late.name, late.opens_at) == ("Late", at(2027, 6, 5, 14))
    assert late.closes_at - late.opens_at == timedelta(hours=2)
    assert [block.opens_at for block in duplicate(exam, slug="third").time_blocks.all()] == [
        at(2026, 3, 14, 14),
        at(2026, 3, 14, 19),
    ]


def test_duplicate_exam_makes_its_maker_the_organiser(exam):
    actor = factories.UserFactory()
    copy = duplicate(exam, actor=actor)
    assert [(row.user, row.role) for row in ExamStaff.objects.filter(exam=copy)] == [(actor, "organiser")]
    event = copy.events.model.objects.filter(pgh_obj=copy).first()
    assert (event.pgh_context.metadata["act"], event.pgh_context.metadata["reason"]) == (
        "duplicate_exam",
        "spring",
    )


def test_duplicate_exam_refuses_a_slug_that_is_taken(exam):
    before = Exam.objects.count()
    with pytest.raises(duplicating.SlugTaken, match="already an exam spring"):
        duplicate(exam, slug="spring")
    assert Exam.objects.count() == before


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.django_db
def test_duplicate_exam_takes_the_same_number_of_queries(django_assert_num_queries, count):
    exam = factories.ExamFactory()
    for number in range(1, count + 1):
        factories.ProblemFactory(exam=exam, number=number)
        factories.FigureFactory(exam=exam)
        factories.TimeBlockFactory(exam=exam)
    with django_assert_num_queries(15):
        duplicating.duplicate_exam(
            exam_id=exam.pk, slug="autumn", title="A", first_opens_at=None, actor=None, now=NOW
        )


@pytest.fixture
def organiser(client, exam):
    user = factories.ExamStaffFactory(exam=exam).user
    user.user_permissions.add(Permission.objects.get(codename="add_exam"))
    client.force_login(user)
    return client


def url(exam):
    return reverse("admin:exams_exam_duplicate", args=[exam.pk])


def test_duplicate_page_says_what_it_does_and_does_it(organiser, exam):
    page = organiser.get(url(exam)).content.decode()
    assert "contestants, keys, papers, scores, results, and all staff but you" in page
    assert "problem 2 (“Wrong.”)" in page
    assert "Early, opens at" in " ".join(page.split())
    sent = {"slug": "autumn", "title": "Autumn", "first_opens_at": "2027-06-05T10:00"}
    response = organiser.post(url(exam), sent)
    copy = Exam.objects.get(slug="autumn")
    assert response["Location"] == reverse("admin:exams_exam_change", args=[copy.pk])
    assert copy.time_blocks.first().opens_at == at(2027, 6, 5, 8)


@pytest.mark.parametrize(
    ("slug", "message"), [("spring", "already exists"), ("two words", "valid"), ("", "required")]
)
def test_duplicate_page_refuses_beside_the_field(organiser, exam, slug, message):
    response = organiser.post(url(exam), {"slug": slug, "title": "Autumn"})
    assert message in str(response.context["form"].errors["slug"])


def test_duplicate_page_is_for_those_who_may_make_exams(client, exam):
    client.force_login(factories.ExamStaffFactory(exam=exam).user)
    assert client.get(url(exam)).status_code == 403
