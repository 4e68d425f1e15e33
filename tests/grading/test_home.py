"""The console's home: what its cards count, for whom, and in how many queries."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from apps.exams.enums import ExamStatus, StaffRole
from apps.grading.enums import Stage, TaskStatus
from apps.grading.models import GradingTask
from apps.grading.selectors.home import get_home
from apps.grading.services.publishing import publish_results, withdraw_results
from apps.grading.services.queueing import claim_next_task, surrender_task
from tests import factories

pytestmark = pytest.mark.django_db
HOME = reverse("admin:index")


@pytest.fixture(autouse=True)
def _today(now):
    """The pages read the clock; the factories' block is over an hour after its middle."""
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def card(now):
    """The only card of somebody."""

    def card(user):
        (found,) = get_home(user, now).cards
        return found

    return card


def read(client, user):
    client.force_login(user)
    return client.get(HOME).content.decode()


def test_get_home_counts_contestants_without_testers(card, organiser, exam, block, hand_in):
    factories.RegistrationFactory(exam=exam, time_block=block)
    waiting = factories.RegistrationFactory(exam=exam, time_block=block)
    factories.AccessKeyFactory(contestant=waiting.contestant, redeemed_at=factories.NOW)
    hand_in("42", "")
    hand_in("42", "", submitted=False)
    hand_in("42", "", tester=True)
    found = card(organiser)
    assert (found.registered, found.entered, found.writing, found.handed_in) == (4, 3, 1, 1)
    assert found.stage == Stage.RUNNING
    assert found.times == ("Running until 17:00 (Europe/Berlin)",)


def test_get_home_counts_a_paper_past_its_deadline_and_grace_as_handed_in(card, organiser, hand_in):
    paper = hand_in("42", "", submitted=False)
    paper.deadline_at = factories.NOW - timedelta(seconds=31)
    paper.save()
    assert (card(organiser).writing, card(organiser).handed_in) == (0, 1)


def test_get_home_asks_for_keys_of_whoever_has_no_valid_one(card, organiser, exam, problems):
    block = factories.TimeBlockFactory(exam=exam, opens_at=factories.NOW + timedelta(hours=1))
    keyed, revoked, _ = factories.RegistrationFactory.create_batch(3, exam=exam, time_block=block)
    factories.AccessKeyFactory(contestant=keyed.contestant)
    factories.AccessKeyFactory(contestant=revoked.contestant, revoked_at=factories.NOW, revoked_reason="Lost")
    assert card(organiser).step.words == "Issue keys for 2 contestants without one"


def test_get_home_shows_progress_as_the_results_page_counts_it(card, organiser, hand_in, grade, problems):
    grade(7, 3)
    hand_in("42", "")
    hand_in("42", "", disqualification="Phone")
    hand_in("42", "", submitted=False)
    changed = hand_in("1", "")
    changed.answers.update(revision=2)
    found = card(organiser)
    assert [(row.number, row.total, row.scored, row.percent) for row in found.problems] == [
        (1, 3, 1, 33),
        (2, 3, 1, 33),
    ]
    assert found.answer_count == 6


def test_get_home_leaves_out_a_problem_that_is_not_counted(card, organiser, grade, problems):
    grade(7, 3)
    problems[1].not_counted, problems[1].not_counted_reason = True, "Misprinted"
    problems[1].save()
    found = card(organiser)
    assert [row.number for row in found.problems] == [1]
    assert found.stage == Stage.SCORED


def test_get_home_counts_what_waits_for_this_grader(card, grader, staff, exam, hand_in, queue, now):
    hand_in("42", "1")
    assert card(grader).step.words == "Queue 2 answers"
    queue()
    assert card(grader).step.words == "Grade the next answer: 2 wait"
    task = claim_next_task(exam_id=exam.pk, grader=grader, now=now)
    assert card(grader).step.words == "Go on with 1 answer that you hold; 1 waits besides"
    other = staff()
    assert card(other).step.words == "Grade the next answer: 1 waits"
    surrender_task(task_id=task, grader=grader, now=now)
    assert card(grader).step.words == "Grade the next answer: 1 waits"
    assert card(other).step.words == "Grade the next answer: 2 wait"


def test_get_home_counts_what_was_sent_to_the_lead(client, card, lead, hand_in, queue):
    hand_in("42", "1")
    queue()
    GradingTask.objects.filter(problem__number=1).update(status=TaskStatus.REFERRED)
    assert card(lead).step.words == "1 answer was sent to you"
    client.force_login(lead)
    (shown,) = client.get(HOME).context["cards"]
    assert "Sent to the lead" in client.get(shown.next_address).content.decode()


def test_get_home_knows_what_was_published_and_withdrawn(card, organiser, grade, exam, publish, now):
    grade(7, 3)
    assert card(organiser).step.words == "Publish the results"
    publish()
    publish()
    assert card(organiser).stage == Stage.PUBLISHED
    assert card(organiser).step.words == "Results are published (publication 2)"
    withdraw_results(exam_id=exam.pk, actor=organiser, reason="Misread", now=now)
    assert card(organiser).stage == Stage.SCORED
    assert "publication 2 was withdrawn" in card(organiser).step.words


def test_get_home_folds_past_exams_away(organiser, grade, exam, now):
    grade(7, 3)
    publish_results(exam_id=exam.pk, actor=organiser, now=now)
    home = get_home(organiser, now + timedelta(days=15))
    assert home.cards == []
    (past,) = home.past
    assert (past.slug, past.stage) == (exam.slug, Stage.PUBLISHED)


def test_get_home_puts_what_runs_first(organiser, now):
    for status, opens_in in ((ExamStatus.DRAFT, -1), (ExamStatus.READY, 1), (ExamStatus.READY, -1)):
        exam = factories.ExamFactory(status=status)
        factories.TimeBlockFactory(exam=exam, opens_at=now + timedelta(hours=opens_in))
        factories.ExamStaffFactory(user=organiser, exam=exam)
    stages = [card.stage for card in get_home(organiser, now).cards]
    assert stages == [Stage.ENTRY, Stage.BEFORE, Stage.BEFORE, Stage.DRAFT]


def test_home_shows_ones_own_exams_only(client, organiser, exam):
    factories.ExamFactory(title="Foreign Round")
    text = read(client, organiser)
    assert exam.title in text
    assert exam.slug in text
    assert "Foreign Round" not in text


DOORS = {
    StaffRole.ORGANISER: {"Exam", "Preview", "Registrations", "Papers", "Results", "History"},
    StaffRole.LEAD_GRADER: {"Exam", "Preview", "Grading"},
    StaffRole.GRADER: {"Exam", "Preview", "Grading"},
    StaffRole.PROCTOR: {"Exam", "Preview", "Papers"},
    StaffRole.OBSERVER: {"Exam", "Preview"},
}


@pytest.mark.parametrize("role", StaffRole)
def test_every_door_of_a_card_opens(client, staff, hand_in, role):
    hand_in("42", "1")
    client.force_login(staff(role))
    (card,) = client.get(HOME).context["cards"]
    assert {door.name for door in card.doors} == DOORS[role]
    for address in [*(door.address for door in card.doors), card.next_address or HOME]:
        assert client.get(address).status_code == 200, address


@pytest.mark.parametrize(
    ("prepare", "heading"),
    [
        (lambda exam: exam.problems.all().delete(), "<h1>Add problem</h1>"),
        (lambda exam: exam.time_blocks.all().delete(), "<h1>Change exam</h1>"),
        (lambda exam: None, "<h1>Import a roster</h1>"),
        (
            lambda exam: factories.RegistrationFactory(exam=exam, time_block=exam.time_blocks.get()),
            "<h1>Make the exam ready</h1>",
        ),
    ],
    ids=["problem", "block", "contestants", "ready"],
)
def test_every_next_step_before_the_sitting_opens(client, organiser, exam, block, problems, prepare, heading):
    exam.status = ExamStatus.DRAFT
    exam.save()
    prepare(exam)
    client.force_login(organiser)
    (card,) = client.get(HOME).context["cards"]
    page = client.get(card.next_address)
    assert page.status_code == 200
    assert heading in page.content.decode()


def test_the_next_step_to_keys_lists_whom_they_are_missing(client, organiser, exam, problems):
    block = factories.TimeBlockFactory(exam=exam, opens_at=factories.NOW + timedelta(hours=1))
    without, _ = (factories.RegistrationFactory(exam=exam, time_block=block) for _ in range(2))
    factories.AccessKeyFactory(contestant=without.contestant, revoked_at=factories.NOW, revoked_reason="Lost")
    keyed = factories.RegistrationFactory(exam=exam, time_block=block)
    factories.AccessKeyFactory(contestant=keyed.contestant)
    client.force_login(organiser)
    (card,) = client.get(HOME).context["cards"]
    assert "2 registrations" in client.get(card.next_address).content.decode()
    assert "1 registration" in client.get(card.next_address.replace("none", "valid")).content.decode()
    (all_of_them,) = (door.address for door in card.doors if door.name == "Registrations")
    assert "3 registrations" in client.get(all_of_them).content.decode()


def test_home_says_what_is_missing_to_whoever_has_no_exam(client):
    text = read(client, factories.UserFactory())
    assert "You have no part in an exam yet." in text
    assert "Make an exam" not in text


def test_home_leads_whoever_may_make_exams_to_the_first_one(client):
    text = read(client, factories.UserFactory(is_superuser=True))
    assert "There is no exam yet." in text
    for name in ("add", "upload"):
        address = reverse(f"admin:exams_exam_{name}")
        assert f'href="{address}"' in text
        assert client.get(address).status_code == 200


def test_home_says_so_when_all_exams_are_past(client, organiser, block):
    with time_machine.travel(factories.NOW + timedelta(days=100)):
        text = read(client, organiser)
    assert "Nothing is going on." in text
    assert "Past exams (1)" in text


@pytest.mark.parametrize("exams", [1, 3])
def test_home_query_count_does_not_grow(client, organiser, grade, exams, django_assert_num_queries):
    grade(7, 3)
    for _ in range(exams - 1):
        another = factories.ExamFactory()
        factories.ExamStaffFactory(user=organiser, exam=another)
        paper = factories.SubmissionFactory(registration__exam=another)
        factories.AnswerFactory(submission=paper)
        factories.PublicationFactory(exam=factories.ExamStaffFactory(user=organiser).exam)
    client.force_login(organiser)
    with django_assert_num_queries(17):
        client.get(HOME)
