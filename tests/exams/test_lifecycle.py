"""Draft, ready, closed: what is missing, what it means, and who is asked first."""

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.exams.models import Exam
from apps.exams.rules.completeness import BlockOutline, ProblemOutline, gaps
from apps.exams.selectors.outline import get_gaps
from apps.exams.services import lifecycle
from apps.exams.services.changing import Consent
from tests import factories
from tests.factories import NOW

HOUR = timedelta(hours=1)
WHOLE = {"kind": "integer", "has_statement": True, "has_accepted": True, "has_solution": True}


def problems(*numbers, **changes):
    return [ProblemOutline(number=number, **{**WHOLE, **changes}) for number in numbers]


def block(opens_in=HOUR, lasts=HOUR):
    return BlockOutline("Main", NOW + opens_in, NOW + opens_in + lasts)


@pytest.mark.parametrize(
    ("outline", "blocks", "missing", "worth_a_look"),
    [
        (problems(1, 2), [block()], [], []),
        ([], [], ["no problem yet", "no time block"], []),
        (
            problems(3, has_statement=False),
            [block()],
            ["Problem 3 has no statement."],
            ["numbered 1 to 1: 3."],
        ),
        (problems(1), [block(-3 * HOUR)], ["time blocks are over"], []),
        (problems(1), [block(-3 * HOUR), block()], [], []),
        (problems(1), [block(-HOUR, 2 * HOUR)], [], ["Main has opened"]),
        (problems(1), [block(0 * HOUR)], [], ["Main has opened"]),
        (problems(1, 2, 4), [block()], [], ["not numbered 1 to 3: 1, 2, 4."]),
        (problems(1, has_accepted=False), [block()], [], ["No accepted answers: problem 1."]),
        (problems(1, has_accepted=False, kind="proof"), [block()], [], []),
        (
            problems(1, 2, 3, has_solution=False),
            [block()],
            [],
            ["No solution for graders: problems 1, 2 and 3."],
        ),
    ],
)
def test_gaps(outline, blocks, missing, worth_a_look):
    found = gaps(outline, blocks, NOW)
    for texts, expected in (
        ([gap.text for gap in found if gap.is_missing], missing),
        ([gap.text for gap in found if not gap.is_missing], worth_a_look),
    ):
        assert len(texts) == len(expected)
        assert all(part in text for part, text in zip(expected, texts, strict=True))


pytestmark = pytest.mark.django_db


@pytest.fixture
def exam():
    exam = factories.ExamFactory(status="draft")
    factories.ProblemFactory(exam=exam, number=1, solution="So.")
    factories.TimeBlockFactory(exam=exam, opens_at=NOW + HOUR)
    return exam


def status_of(exam):
    return Exam.objects.get(pk=exam.pk).status


def test_get_gaps_reads_the_exam(exam):
    assert get_gaps(exam.pk, NOW) == ()
    factories.ProblemFactory(exam=exam, number=2, statement=None)
    assert get_gaps(exam.pk, NOW)[0].text == "Problem 2 has no statement."


@pytest.mark.parametrize("count", [1, 3])
def test_get_gaps_takes_two_queries(exam, django_assert_num_queries, count):
    for number in range(2, count + 1):
        factories.ProblemFactory(exam=exam, number=number)
        factories.TimeBlockFactory(exam=exam)
    with django_assert_num_queries(2):
        get_gaps(exam.pk, NOW)


def test_make_ready_close_and_back(exam):
    lifecycle.make_ready(exam_id=exam.pk, actor=None, now=NOW)
    assert status_of(exam) == "ready"
    version = Exam.objects.get(pk=exam.pk).version
    lifecycle.make_ready(exam_id=exam.pk, actor=None, now=NOW)
    assert Exam.objects.get(pk=exam.pk).version == version
    lifecycle.return_to_draft(exam_id=exam.pk, actor=None)
    assert status_of(exam) == "draft"
    lifecycle.close_exam(exam_id=exam.pk, actor=None, now=NOW + 4 * HOUR)
    assert status_of(exam) == "closed"
    lifecycle.make_ready(exam_id=exam.pk, actor=None, now=NOW)
    assert status_of(exam) == "ready"


def test_make_ready_refuses_what_nobody_can_sit(exam):
    exam.time_blocks.all().delete()
    with pytest.raises(lifecycle.ExamIncomplete, match="no time block") as refusal:
        lifecycle.make_ready(exam_id=exam.pk, actor=None, now=NOW)
    assert len(refusal.value.missing) == 1
    assert status_of(exam) == "draft"


@pytest.mark.parametrize("consent", [Consent(), Consent(given=True), Consent(reason="So.")])
def test_close_exam_asks_while_a_time_block_is_not_over(exam, consent):
    with pytest.raises(lifecycle.StillRunning):
        lifecycle.close_exam(exam_id=exam.pk, actor=None, now=NOW, consent=consent)
    whole = Consent(given=True, reason="The fire alarm.")
    lifecycle.close_exam(exam_id=exam.pk, actor=None, now=NOW, consent=whole)
    event = exam.events.model.objects.filter(pgh_obj=exam).latest("pgh_id")
    assert event.pgh_context.metadata["reason"] == "The fire alarm."


@pytest.fixture
def organiser(client, exam):
    client.force_login(factories.ExamStaffFactory(exam=exam).user)
    return client


def url(exam, status):
    return reverse("admin:exams_exam_status", args=[exam.pk, status])


def test_ready_page_says_what_is_missing_and_what_it_means(organiser, exam):
    exam.time_blocks.all().delete()
    page = organiser.get(url(exam, "ready")).content.decode()
    assert "nobody knows when it opens" in page
    assert 'type="submit"' not in page.split("console-ask")[1]
    response = organiser.post(url(exam, "ready"))
    assert (response.status_code, status_of(exam)) == (409, "draft")
    factories.TimeBlockFactory(exam=exam, opens_at=NOW + timedelta(days=4000))
    assert "Make the exam ready" in organiser.get(url(exam, "ready")).content.decode()
    assert organiser.post(url(exam, "ready")).status_code == 302
    assert status_of(exam) == "ready"


def test_close_page_asks_first_and_says_why(organiser, exam):
    factories.TimeBlockFactory(exam=exam, opens_at=NOW + timedelta(days=4000))
    page = organiser.get(url(exam, "closed")).content.decode()
    assert "Papers that were started go on until their own deadline." in page
    response = organiser.post(url(exam, "closed"))
    assert (response.status_code, status_of(exam)) == (409, "draft")
    organiser.post(url(exam, "closed"), {"consent": "on", "reason": "The fire alarm."})
    assert status_of(exam) == "closed"


def test_draft_page_refuses_once_somebody_has_started(organiser, exam):
    Exam.objects.filter(pk=exam.pk).update(status="ready", first_started_at=NOW)
    assert "it cannot be a draft again" in organiser.get(url(exam, "draft")).content.decode()
    assert organiser.post(url(exam, "draft")).status_code == 409
    Exam.objects.filter(pk=exam.pk).update(first_started_at=None)
    assert organiser.post(url(exam, "draft")).status_code == 302
    assert status_of(exam) == "draft"


def test_status_pages_are_the_organisers(client, organiser, exam):
    assert organiser.get(url(factories.ExamFactory(), "ready")).status_code == 404
    assert organiser.get(url(exam, "gone")).status_code == 404
    client.force_login(factories.ExamStaffFactory(exam=exam, role="grader").user)
    assert client.post(url(exam, "ready")).status_code == 403


def test_exam_page_says_where_it_stands(organiser, exam):
    page = reverse("admin:exams_exam_change", args=[exam.pk])
    exam.problems.all().delete()
    html = organiser.get(page).content.decode()
    assert "Nobody can sit it as it is: It has no problem yet." in html
    assert url(exam, "ready") in html
    Exam.objects.filter(pk=exam.pk).update(status="ready")
    html = organiser.get(page).content.decode()
    assert url(exam, "closed") in html
    assert url(exam, "draft") in html
