"""The lead graders' pages: who holds what since when, handing on, and what was sent to them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.exams.enums import StaffRole
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Referral
from apps.grading.services import queueing
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def tasks(hand_in, queue, problems, grader):
    for _ in range(3):
        hand_in("42", "1")
    queue()
    tasks = list(GradingTask.objects.filter(problem=problems[0]).order_by("pk"))
    for task in tasks:
        queueing.claim_task(task_id=task.pk, grader=grader, now=timezone.now())
    return tasks


@pytest.fixture
def led(client, lead):
    client.force_login(lead)
    return lead


def address(name, exam):
    return reverse(f"admin:grading_{name}", args=[exam.pk])


@pytest.mark.parametrize("name", ["held", "referrals"])
@pytest.mark.parametrize(
    ("role", "elsewhere", "status"),
    [
        (StaffRole.GRADER, False, 403),
        (StaffRole.LEAD_GRADER, True, 404),
        (StaffRole.ORGANISER, False, 403),
        (StaffRole.OBSERVER, False, 403),
    ],
)
def test_the_pages_are_for_the_exams_leads_only(client, staff, exam, tasks, name, role, elsewhere, status):
    client.force_login(staff(role, in_exam=factories.ExamFactory() if elsewhere else None))
    assert client.get(address(name, exam)).status_code == status
    typed = {"task": [tasks[0].pk], "free": "1"}
    assert client.post(address("hand_on", exam), typed).status_code == status
    assert GradingTask.objects.get(pk=tasks[0].pk).status == TaskStatus.CLAIMED


def test_held_lists_who_holds_what_since_when(client, led, exam, tasks):
    since = timezone.now() - timedelta(days=2)
    GradingTask.objects.filter(pk=tasks[1].pk).update(
        claimed_at=since, claimed_until=timezone.now() - timedelta(days=1)
    )
    page = client.get(address("held", exam)).content.decode()
    codes = [task.answer.submission.blind_code for task in tasks]
    assert page.index(codes[1]) < min(page.index(codes[0]), page.index(codes[2]))
    assert f"{since:%H:%M}" in page
    assert page.count("ended") == 1
    assert "3 answers claimed" in page


def test_held_is_calm_when_nobody_holds_anything(client, led, exam):
    assert "0 answers claimed" in client.get(address("held", exam)).content.decode()


def test_chosen_answers_are_handed_to_a_grader(client, led, exam, tasks, staff):
    other = staff(username="other")
    response = client.post(
        address("hand_on", exam), {"task": [task.pk for task in tasks[:2]], "grader": other.pk}, follow=True
    )
    assert "2 answers were handed on." in response.content.decode()
    assert GradingTask.objects.filter(grader=other).count() == 2


def test_chosen_answers_are_freed_and_what_stays_is_told(client, led, exam, tasks):
    GradingTask.objects.filter(pk=tasks[2].pk).update(status=TaskStatus.SCORED, claimed_until=None)
    response = client.post(
        address("hand_on", exam), {"task": [task.pk for task in tasks[1:]], "free": "1"}, follow=True
    )
    page = response.content.decode()
    assert "1 answer was handed on." in page
    assert "1 stayed" in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"free": "1"}, "Choose the answers first."),
        ({"task": ["x"], "free": "1"}, "These are not answers."),
        ({"task": ["1"], "grader": "x"}, "Choose a grader."),
        ({"task": ["1"]}, "Choose a grader."),
    ],
)
def test_an_incomplete_choice_is_refused_in_words(client, led, exam, tasks, typed, words):
    page = client.post(address("hand_on", exam), typed, follow=True).content.decode()
    assert words in page
    assert GradingTask.objects.filter(status=TaskStatus.CLAIMED).count() == 3


def test_answers_are_handed_to_this_exams_graders_only(client, led, exam, tasks, staff):
    proctor = staff(StaffRole.PROCTOR)
    typed = {"task": [tasks[0].pk], "grader": proctor.pk}
    page = client.post(address("hand_on", exam), typed, follow=True).content.decode()
    assert "this exam’s graders only" in page or "this exam&#x27;s graders only" in page


def test_a_lead_hands_on_a_waiting_answer_from_its_page(client, led, exam, tasks, staff):
    other = staff(username="other")
    GradingTask.objects.filter(pk=tasks[0].pk).update(status=TaskStatus.OPEN, grader=None, claimed_until=None)
    page = client.get(reverse("admin:grading_score", args=[tasks[0].pk])).content.decode()
    assert f'<option value="{other.pk}">other</option>' in page


def test_whoever_lost_an_answer_is_told_and_keeps_what_they_typed(client, led, exam, tasks, staff, grader):
    other = staff(username="other")
    client.post(address("hand_on", exam), {"task": [tasks[0].pk], "grader": other.pk})
    client.force_login(grader)
    response = client.post(
        reverse("admin:grading_score", args=[tasks[0].pk]),
        {"points": "6", "comment": "my words", "note": "", "based_on": 0, "answer_revision": 1},
    )
    page = response.content.decode()
    assert response.status_code == 403
    assert "You do not hold this answer any more." in page
    assert "my words" in page


@pytest.mark.parametrize("count", [1, 3])
def test_held_query_count_does_not_grow(client, led, exam, tasks, count, django_assert_num_queries):
    GradingTask.objects.filter(pk__in=[task.pk for task in tasks[count:]]).update(
        status=TaskStatus.OPEN, grader=None, claimed_until=None
    )
    with django_assert_num_queries(9):
        client.get(address("held", exam))


@pytest.mark.parametrize("count", [1, 3])
def test_referrals_query_count_does_not_grow(
    client, led, exam, tasks, grader, count, django_assert_num_queries
):
    for task in tasks[:count]:
        Referral.objects.create(task=task, grader=grader, note="Look.", referred_at=timezone.now())
    with django_assert_num_queries(7):
        client.get(address("referrals", exam))


def test_referrals_are_calm_when_nothing_waits(client, led, exam):
    assert "Nothing waits for a lead." in client.get(address("referrals", exam)).content.decode()
