"""Papers in the console."""

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.exams.enums import StaffRole
from apps.submissions.models import Submission, TimeChange
from tests import factories

pytestmark = pytest.mark.django_db

LIST = "/console/submissions/submission/"


@pytest.fixture
def paper():
    return factories.SubmissionFactory()


def staff(client, exam, role):
    client.force_login(factories.ExamStaffFactory(exam=exam, role=role).user)
    return client


def post(client, papers, **fields):
    selected = {"action": "move_deadline", "_selected_action": [paper.pk for paper in papers]}
    return client.post(LIST, selected | fields, follow=True)


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (StaffRole.ORGANISER, 200),
        (StaffRole.PROCTOR, 200),
        (StaffRole.GRADER, 403),
        (StaffRole.LEAD_GRADER, 403),
        (StaffRole.OBSERVER, 403),
    ],
)
def test_papers_are_for_those_who_watch_the_sitting(client, paper, role, status):
    client = staff(client, paper.registration.exam, role)
    assert client.get(LIST).status_code == status
    # For everybody else there is no such paper.
    assert client.get(f"{LIST}{paper.pk}/change/").status_code == (status if status == 200 else 404)


def test_papers_of_another_exam_are_not_there(client, paper):
    client = staff(client, factories.ExamFactory(), StaffRole.ORGANISER)
    assert paper.registration.contestant.name not in client.get(LIST).content.decode()
    assert client.get(f"{LIST}{paper.pk}/change/").status_code == 404
    post(client, [paper], minutes="5", reason="x")
    assert not TimeChange.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_query_count_does_not_grow(admin_client, count, django_assert_num_queries):
    exam = factories.ExamFactory()
    block = factories.TimeBlockFactory(exam=exam)
    problem = factories.ProblemFactory(exam=exam)
    for _ in range(count):
        registration = factories.RegistrationFactory(exam=exam, time_block=block)
        paper = factories.SubmissionFactory(registration=registration)
        factories.AnswerFactory(submission=paper, problem=problem)
    with django_assert_num_queries(6):
        admin_client.get(LIST)


def test_move_deadline_asks_then_moves_each(client, paper):
    client = staff(client, paper.registration.exam, StaffRole.ORGANISER)
    assert "This moves the deadline of 1 paper" in " ".join(post(client, [paper]).content.decode().split())
    response = post(client, [paper], minutes="7", reason="fire alarm")
    assert "The deadline of 1 paper moved by 7 minutes." in response.content.decode()
    assert Submission.objects.get().deadline_at == paper.deadline_at + timedelta(minutes=7)
    assert TimeChange.objects.get().changed_by == response.wsgi_request.user


def test_each_field_of_these_pages_stands_in_one_line_and_names_its_help(client, paper):
    """Without the container the help would lie beside the field and not below it."""
    answer = factories.AnswerFactory(submission=paper)
    late = factories.AnswerRevisionFactory(answer=answer, text="after", state="late", revision=None)
    client = staff(client, paper.registration.exam, StaffRole.ORGANISER)
    moving = post(client, [paper]).content.decode()
    accepting = client.get(reverse("admin:submissions_accept", args=[late.pk])).content.decode()
    for page in (moving, accepting):
        assert '<div class="flex-container"><label for="id_reason">' in page
        assert 'aria-describedby="id_reason_helptext"' in page
        assert 'id="id_reason_helptext"' in page


def test_move_deadline_names_the_paper_it_could_not_move(client, paper, now):
    Submission.objects.update(submitted_at=now, submitted_by="contestant")
    client = staff(client, paper.registration.exam, StaffRole.ORGANISER)
    shown = post(client, [paper], minutes="7", reason="fire alarm").content.decode()
    assert f"Contestant {paper.registration.contestant.public_number}: " in shown


@pytest.mark.parametrize(
    ("minutes", "reason"), [("0", "x"), ("", "x"), ("9999", "x"), ("5", ""), ("5", "  ")]
)
def test_move_deadline_asks_again_for_what_is_missing(client, paper, minutes, reason):
    client = staff(client, paper.registration.exam, StaffRole.ORGANISER)
    assert "errorlist" in post(client, [paper], minutes=minutes, reason=reason).content.decode()
    assert not TimeChange.objects.exists()


def test_papers_are_neither_made_nor_changed_nor_deleted_here(admin_client, paper):
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(f"{LIST}{paper.pk}/delete/").status_code == 403
    assert 'name="_save"' not in admin_client.get(f"{LIST}{paper.pk}/change/").content.decode()


def test_what_does_not_count_is_shown_to_the_jury(client, paper):
    answer = factories.AnswerFactory(submission=paper)
    factories.AnswerRevisionFactory(answer=answer, text="<b>late words</b>", state="late", revision=None)
    factories.AnswerRevisionFactory(answer=answer, text="counted words")
    client = staff(client, paper.registration.exam, StaffRole.ORGANISER)
    shown = client.get(f"{LIST}{paper.pk}/change/").content.decode()
    assert "&lt;b&gt;late words&lt;/b&gt;" in shown
    assert "counted words" not in shown


def kept_apart(paper):
    answer = factories.AnswerFactory(submission=paper, text="before", revision=1)
    return factories.AnswerRevisionFactory(answer=answer, text="<b>after</b>", state="late", revision=None)


def test_an_organiser_lets_a_late_text_count(client, paper):
    kept = kept_apart(paper)
    Submission.objects.update(deadline_at=factories.NOW - timedelta(minutes=20))
    client = staff(client, paper.registration.exam, StaffRole.ORGANISER)
    page = f"{LIST}kept/{kept.pk}/accept/"
    assert page in client.get(f"{LIST}{paper.pk}/change/").content.decode()
    assert "<del>before</del><ins>&lt;b&gt;after&lt;/b&gt;</ins>" in client.get(page).content.decode()
    assert "errorlist" in client.post(page, {"reason": " "}).content.decode()
    shown = client.post(page, {"reason": "fire alarm"}, follow=True).content.decode()
    assert "This text is now the answer to problem 1." in shown
    assert page not in shown
    assert paper.answers.get().text == "<b>after</b>"
    assert "counts already" in client.post(page, {"reason": "again"}, follow=True).content.decode()


@pytest.mark.parametrize(
    ("role", "is_own", "status"),
    [
        (StaffRole.ORGANISER, True, 200),
        (StaffRole.PROCTOR, True, 403),
        (StaffRole.GRADER, True, 404),
        (StaffRole.ORGANISER, False, 404),
    ],
)
def test_only_organisers_of_the_exam_let_a_text_count(client, paper, role, is_own, status):
    page = f"{LIST}kept/{kept_apart(paper).pk}/accept/"
    client = staff(client, paper.registration.exam if is_own else factories.ExamFactory(), role)
    assert client.get(page).status_code == status
    assert f"{LIST}kept/" not in client.get(f"{LIST}{paper.pk}/change/").content.decode() or status == 200
