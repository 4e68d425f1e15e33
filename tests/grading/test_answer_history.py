"""The history of an answer: texts on a line, scores at what they judged, and who may see it."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.exams.enums import StaffRole
from apps.grading.models import GradingTask
from apps.grading.selectors import answer_history
from apps.submissions.enums import RevisionState
from apps.submissions.models import Acceptance
from tests import factories
from tests.support.console import text_of

pytestmark = pytest.mark.django_db

DESK, PHONE = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture
def answer(hand_in, queue, now):
    """Revised on two devices, with a conflict and a late draft; scored twice."""
    answer = hand_in("first words", "1", contestant__name="Ana Kovač").answers.get(number=1)
    queue()
    revise(answer, "better words", device=PHONE, received_at=now - timedelta(minutes=50))
    revise(answer, "other words", state=RevisionState.CONFLICT, device=DESK)
    return answer


def revise(answer, text, *, state=RevisionState.CURRENT, **fields):
    counts = state == RevisionState.CURRENT
    if counts:
        answer.text, answer.revision = text, answer.revision + 1
        answer.save()
    return factories.AnswerRevisionFactory(
        answer=answer,
        text=text,
        state=state,
        based_on=answer.revision - 1 if counts else 0,
        revision=answer.revision if counts else None,
        **fields,
    )


@pytest.fixture
def task(answer):
    return GradingTask.objects.get(answer=answer)


@pytest.fixture
def page(task):
    return reverse("admin:grading_history", args=[task.pk])


@pytest.fixture
def by_answer(answer):
    return reverse("admin:grading_answer_history", args=[answer.pk])


def test_scores_stand_with_who_when_and_on_which_revision(client, lead, grader, task, page, now):
    factories.ScoreFactory(task=task, points="2.50", comment="Why?", note="Ask\nGauss", grader=grader)
    factories.ScoreFactory(
        task=task, version=2, points=None, answer_revision=2, grader=lead, scored_at=now + timedelta(hours=1)
    )
    client.force_login(lead)
    response = client.get(page)
    text = text_of(response)
    assert "2.5 points by grader, 14 Mar 2026, 16:00:00 · version 1 · on revision 1" in text
    assert "on revision 1 the answer changed since" in text
    assert "taken back by lead, 14 Mar 2026, 17:00:00 · version 2 · on revision 2" in text
    assert "To the contestant: Why?" in text
    assert "For graders: Ask Gauss" in text
    assert "Judged here: 2.5 points by grader" in text


def test_revisions_stand_on_a_line(client, lead, page):
    client.force_login(lead)
    text = text_of(client.get(page))
    assert "Kept apart (conflict) 14 Mar 2026, 16:00:00 · 11 characters · device 2" in text
    assert "other device than before" in text
    assert "Revision 2 counts 14 Mar 2026, 15:10:00 · 12 characters · device 1" in text
    assert text.index("Kept apart (conflict)") < text.index("Revision 2 counts") < text.index("Revision 1 ")
    assert "Blank, as it started" in text


def test_what_was_let_in_says_by_whom(client, lead, organiser, answer, page, now):
    late = revise(answer, "late words", state=RevisionState.LATE)
    promoted = revise(answer, "late words", promoted_from=late)
    Acceptance.objects.create(
        promoted=promoted, reason="Ana's laptop crashed", accepted_at=now, accepted_by=organiser
    )
    client.force_login(organiser)
    assert "Accepted by organiser, 14 Mar 2026, 16:00: Ana's laptop crashed" in text_of(client.get(page))
    # Reasons name people: whoever reads blind does not see them.
    client.force_login(lead)
    text = text_of(client.get(page))
    assert "Accepted by organiser" in text
    assert "Ana's laptop" not in text


def test_a_draft_that_a_moved_deadline_let_in_says_so(client, lead, answer, page):
    late = revise(answer, "late words", state=RevisionState.LATE)
    revise(answer, "late words", promoted_from=late)
    client.force_login(lead)
    assert "Let in when the deadline was moved." in text_of(client.get(page))


def test_unasked_the_judged_text_is_compared_with_the_one_that_counts(client, lead, answer, task, page):
    revise(answer, "best words")
    factories.ScoreFactory(task=task)
    client.force_login(lead)
    response = client.get(page)
    assert "From revision 1 to revision 3" in text_of(response)
    assert "<del>first</del><ins>best</ins> words" in response.content.decode()


def test_unasked_and_unscored_the_last_two_are_compared(client, lead, page):
    client.force_login(lead)
    response = client.get(page)
    assert "From revision 1 to revision 2" in text_of(response)
    assert "<del>first</del><ins>better</ins> words" in response.content.decode()


def test_any_two_texts_are_compared_escaped_and_in_order(client, lead, answer, page):
    first, second = answer.revisions.order_by("pk")[:2]
    other = revise(answer, "<b>first</b>", state=RevisionState.CONFLICT)
    client.force_login(lead)
    response = client.get(page, {"older": other.pk, "newer": first.pk})
    assert "From revision 1 to what was kept apart (conflict)" in text_of(response)
    html = response.content.decode()
    assert "&lt;" in html
    assert "<b>first" not in html
    blank = client.get(page, {"older": 0, "newer": second.pk})
    assert "From the blank start to revision 2" in text_of(blank)
    assert "<ins>better words</ins>" in blank.content.decode()


def test_texts_of_another_answer_are_not_compared(client, lead, page, hand_in):
    stranger = hand_in("secret words", "").answers.get(number=1).revisions.get()
    client.force_login(lead)
    text = text_of(client.get(page, {"older": 0, "newer": stranger.pk}))
    assert "These two texts are not of this answer." in text
    assert "secret" not in text
    assert "From revision 1 to revision 2" in text_of(client.get(page, {"older": "x", "newer": 1}))


def test_a_blank_answer_has_a_history_too(client, lead, hand_in, queue):
    answer = hand_in("", "1").answers.get(number=1)
    queue()
    task = GradingTask.objects.get(answer=answer)
    factories.ScoreFactory(task=task, points=0, answer_revision=0)
    client.force_login(lead)
    text = text_of(client.get(reverse("admin:grading_history", args=[task.pk])))
    assert "0 points by" in text
    assert "on the blank answer" in text
    assert "Nothing ever arrived for this answer" in text


def test_an_answer_that_is_not_queued_has_a_history(client, organiser, hand_in):
    answer = hand_in("my words", "", submitted=False).answers.get(number=1)
    client.force_login(organiser)
    text = text_of(client.get(reverse("admin:grading_answer_history", args=[answer.pk])))
    assert "Nobody has scored this answer yet." in text
    assert "From the blank start to revision 1" in text


def test_a_grader_sees_the_answers_they_scored_and_stays_blind(client, grader, task, page, by_answer):
    client.force_login(grader)
    assert client.get(page).status_code == 403
    factories.ScoreFactory(task=task, grader=grader)
    text = text_of(client.get(page))
    assert "7 points by grader" in text
    assert task.answer.submission.blind_code in text
    assert "Ana" not in text
    assert task.answer.submission.registration.contestant.public_number not in text
    assert client.get(by_answer).status_code == 403


def test_a_grader_sees_their_own_reading_only(client, grader, lead, answer, task, page):
    factories.ScoreFactory(task=task, grader=grader)
    second = factories.GradingTaskFactory(answer=answer, reading=2)
    factories.ScoreFactory(task=second, points=1, note="Second opinion")
    client.force_login(grader)
    assert "Second opinion" not in text_of(client.get(page))
    client.force_login(lead)
    text = text_of(client.get(page))
    assert "Second opinion" in text
    assert "version 1 of reading 2" in text


@pytest.mark.parametrize(
    ("role", "status", "named"),
    [
        (StaffRole.LEAD_GRADER, 200, False),
        (StaffRole.ORGANISER, 200, True),
        (StaffRole.GRADER, 403, False),
        (StaffRole.PROCTOR, 403, False),
        (StaffRole.OBSERVER, 403, False),
    ],
)
def test_who_may_see_the_history_and_whose_answer_it_is(client, staff, page, by_answer, role, status, named):
    client.force_login(staff(role))
    for address in (page, by_answer):
        response = client.get(address)
        assert response.status_code == status
        assert ("Ana Kovač" in text_of(response)) is named


def test_where_grading_is_not_blind_the_lead_sees_the_contestant(client, lead, exam, page):
    exam.blind = False
    exam.save()
    client.force_login(lead)
    assert "Ana Kovač" in text_of(client.get(page))


def test_anothers_answer_and_a_missing_one_are_alike(client, page, by_answer):
    client.force_login(factories.ExamStaffFactory(role=StaffRole.LEAD_GRADER).user)
    missing = (
        reverse("admin:grading_history", args=[999_999]),
        reverse("admin:grading_answer_history", args=[999_999]),
    )
    for address in (page, by_answer, *missing):
        assert client.get(address).status_code == 404


def test_many_revisions_come_in_pages(client, lead, answer, page, monkeypatch):
    monkeypatch.setattr(answer_history, "REVISIONS_PER_PAGE", 2)
    client.force_login(lead)
    first = text_of(client.get(page))
    assert "Page 1 of 2" in first
    assert "Revision 1 " not in first
    assert "Blank, as it started" not in first
    last = text_of(client.get(page, {"page": 2}))
    assert "Revision 1 " in last
    assert "Blank, as it started" in last


def test_the_page_takes_the_same_queries_for_1_and_3_rows(client, lead, hand_in, queue, organiser, now):
    client.force_login(lead)
    counts = []
    for rows in (1, 3):
        answer = hand_in("words", "1").answers.get(number=1)
        queue()
        task = GradingTask.objects.get(answer=answer)
        for number in range(1, rows + 1):
            late = revise(answer, "late", state=RevisionState.LATE, device=uuid.uuid4())
            promoted = revise(answer, "late", promoted_from=late)
            Acceptance.objects.create(promoted=promoted, reason="x", accepted_at=now, accepted_by=organiser)
            factories.ScoreFactory(task=task, version=number)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("admin:grading_history", args=[task.pk])).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 16


def test_the_scoring_page_leads_to_the_history(client, lead, task, page):
    factories.ScoreFactory(task=task)
    client.force_login(lead)
    assert page in client.get(reverse("admin:grading_score", args=[task.pk])).content.decode()


def test_the_paper_leads_an_organiser_to_its_answers(client, organiser, staff, answer, by_answer):
    paper = reverse("admin:submissions_submission_change", args=[answer.submission_id])
    client.force_login(organiser)
    assert by_answer in client.get(paper).content.decode()
    client.force_login(staff(StaffRole.PROCTOR))
    assert by_answer not in client.get(paper).content.decode()
