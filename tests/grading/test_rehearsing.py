"""The sandbox of a rehearsal: hidden while it is there, and gone without a trace."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection
from django.test import Client

from apps.access.models import AccessKey, Contestant, Registration
from apps.exams.enums import ClockKind, ExamStatus, ProblemKind, ResultsPolicy
from apps.exams.models import Exam, Problem
from apps.exams.services.lifecycle import ExamIncomplete
from apps.grading.models import GradingTask, Publication, Result, Score
from apps.grading.selectors.home import get_home
from apps.grading.services import rehearsing
from apps.grading.services.rehearsing import (
    NotARehearsal,
    RehearsalOfARehearsal,
    list_sandboxes,
    open_sandbox,
    publish_sandbox,
    remove_sandbox,
)
from apps.submissions.models import Answer, AnswerRevision, Receipt, Submission
from apps.submissions.services.starting import start_paper
from apps.submissions.services.submitting import submit_paper
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def exam():
    """A real exam with people, papers and a publication of its own."""
    exam = factories.ExamFactory(slug="spring", results=ResultsPolicy.PUBLIC)
    factories.TimeBlockFactory(exam=exam)
    problem = factories.ProblemFactory(exam=exam, number=1)
    factories.ProblemFactory(exam=exam, number=2, kind=ProblemKind.PROOF, accepted=[])
    factories.FigureFactory(exam=exam)
    factories.hand_in_papers([problem], 2)
    factories.PublicationFactory(exam=exam)
    return exam


def opened(exam, now, contestants=3):
    return open_sandbox(
        exam_id=exam.pk, contestants=contestants, closes_at=now + timedelta(minutes=10), now=now
    )


def sat(sandbox, now):
    """Two of the contestants write; the one hands in."""
    for key in sandbox.keys[:2]:
        paper = start_paper(registration_id=key.registration_id, now=now).submission
        answer = Answer.objects.filter(submission=paper).first()
        factories.AnswerRevisionFactory(answer=answer)
        Answer.objects.filter(pk=answer.pk).update(text="42", revision=1)
    submit_paper(submission_id=paper.pk, now=now)


def row_counts():
    with connection.cursor() as cursor:
        counts = {}
        for table in connection.introspection.table_names():
            cursor.execute(f'select count(*) from "{table}"')  # noqa: S608
            counts[table] = cursor.fetchone()[0]
    return counts


def contents_of(exam):
    """Every row that hangs on the real exam, as it stands in the database."""
    return [
        list(model.objects.filter(**where).order_by("pk").values())
        for model, where in [
            (Exam, {"pk": exam.pk}),
            (Problem, {"exam": exam}),
            (Registration, {"exam": exam}),
            (Contestant, {"contest": exam.contest_id}),
            (Submission, {"registration__exam": exam}),
            (AnswerRevision, {"submission__registration__exam": exam}),
            (Publication, {"exam": exam}),
        ]
    ]


def test_open_sandbox_copies_what_contestants_see_and_opens_it(exam, real_now):
    sandbox = opened(exam, real_now)
    copy = Exam.objects.get(pk=sandbox.exam_id)
    assert copy.rehearses == exam
    assert copy.status == ExamStatus.READY
    assert copy.results == ResultsPolicy.OWN  # however public the real ones are
    assert copy.contest_id != exam.contest_id
    assert [problem.number for problem in copy.problems.all()] == [1, 2]
    (block,) = copy.time_blocks.all()
    assert (block.opens_at, block.closes_at) == (real_now, real_now + timedelta(minutes=10))
    assert len({key.key for key in sandbox.keys}) == 3


def test_open_sandbox_gives_a_personal_clock_the_time_of_the_rehearsal(exam, real_now):
    Exam.objects.filter(pk=exam.pk).update(clock=ClockKind.PERSONAL, duration_minutes=1)
    sandbox = opened(exam, real_now)
    paper = start_paper(registration_id=sandbox.keys[0].registration_id, now=real_now).submission
    assert paper.deadline_at == real_now + timedelta(minutes=10)


def test_open_sandbox_refuses_an_exam_that_nobody_could_sit(real_now):
    empty = factories.ExamFactory(slug="empty", status=ExamStatus.DRAFT)
    with pytest.raises(ExamIncomplete):
        opened(empty, real_now)
    assert list_sandboxes(empty.pk) == []


def test_open_sandbox_refuses_to_rehearse_a_rehearsal(exam, real_now):
    sandbox = opened(exam, real_now)
    with pytest.raises(RehearsalOfARehearsal):
        opened(Exam.objects.get(pk=sandbox.exam_id), real_now)


def test_publish_sandbox_closes_scores_and_publishes_everything(exam, real_now):
    sandbox = opened(exam, real_now)
    sat(sandbox, real_now)
    publish_sandbox(exam_id=sandbox.exam_id, seed=1, now=real_now)
    assert Receipt.objects.filter(submission__registration__exam=sandbox.exam_id).count() == 2
    assert Score.objects.filter(task__exam=sandbox.exam_id).count() == 4
    assert Result.objects.filter(publication__exam=sandbox.exam_id).count() == 3  # one was absent


def test_remove_sandbox_leaves_no_row_behind(exam, real_now):
    before = row_counts()
    sandbox = opened(exam, real_now)
    sat(sandbox, real_now)
    publish_sandbox(exam_id=sandbox.exam_id, seed=1, now=real_now)
    during = row_counts()
    assert during["submissions_answerrevision"] > before["submissions_answerrevision"]
    removed = remove_sandbox(exam_id=sandbox.exam_id)
    assert row_counts() == before
    assert removed == sum(during.values()) - sum(before.values())


def test_remove_sandbox_touches_nothing_of_the_real_exam(exam, real_now):
    before = contents_of(exam)
    sandbox = opened(exam, real_now)
    sat(sandbox, real_now)
    publish_sandbox(exam_id=sandbox.exam_id, seed=1, now=real_now)
    assert contents_of(exam) == before
    remove_sandbox(exam_id=sandbox.exam_id)
    assert contents_of(exam) == before


def test_remove_sandbox_leaves_another_sandbox_alone(exam, real_now):
    first, second = opened(exam, real_now), opened(exam, real_now)
    sat(second, real_now)
    remove_sandbox(exam_id=first.exam_id)
    assert list_sandboxes(exam.pk) == [second.exam_id]
    assert AnswerRevision.objects.filter(submission__registration__exam=second.exam_id).count() == 2


@pytest.mark.parametrize(
    "service", [remove_sandbox, lambda exam_id: publish_sandbox(exam_id=exam_id, seed=1, now=None)]
)
def test_a_real_exam_is_never_taken_for_a_sandbox(exam, service):
    before = row_counts()
    with pytest.raises(NotARehearsal):
        service(exam_id=exam.pk)
    assert row_counts() == before


def test_triggers_protect_a_sandbox_too_outside_its_removal(exam, real_now):
    sandbox = opened(exam, real_now)
    sat(sandbox, real_now)
    with pytest.raises(ProgrammingError, match="Cannot update or delete"):
        AnswerRevision.objects.filter(submission__registration__exam=sandbox.exam_id)._raw_delete("default")


def test_remove_sandbox_fails_whole_where_a_table_is_forgotten(exam, real_now, monkeypatch):
    """The control of "no row behind": a list that lacks one table is refused by the database."""
    sandbox = opened(exam, real_now)
    sat(sandbox, real_now)
    rows_of = rehearsing.rows_of
    monkeypatch.setattr(
        rehearsing, "rows_of", lambda exam: (rows for rows in rows_of(exam) if rows.model is not Receipt)
    )
    remove_sandbox(exam_id=sandbox.exam_id)
    with pytest.raises(Exception, match="violates foreign key constraint"):
        connection.check_constraints()


@pytest.mark.parametrize("is_superuser", [True, False])
def test_nobody_of_the_staff_sees_a_sandbox(exam, real_now, is_superuser):
    user = factories.UserFactory(is_superuser=is_superuser)
    factories.ExamStaffFactory(user=user, exam=exam)
    sandbox = opened(exam, real_now)
    sat(sandbox, real_now)
    factories.ExamStaffFactory(user=user, exam_id=sandbox.exam_id, exam=Exam.objects.get(pk=sandbox.exam_id))
    publish_sandbox(exam_id=sandbox.exam_id, seed=1, now=real_now)
    assert list(Exam.objects.visible_to(user)) == [exam]
    for model in (Contestant, AccessKey, Registration, Submission, GradingTask, Publication, Result):
        seen = model.objects.visible_to(user)
        assert not seen.filter(pk__in=sandbox_rows(model, sandbox)).exists(), model
    home = get_home(user, real_now)
    assert "Rehearsal" not in repr(home)
    assert "Spring Round" in repr(home)


def sandbox_rows(model, sandbox):
    exam = Exam.objects.get(pk=sandbox.exam_id)
    (rows,) = [rows for rows in rehearsing.rows_of(exam) if rows.model is model]
    assert rows.exists()
    return rows.values("pk")


def test_the_public_does_not_see_the_results_of_a_sandbox(exam, real_now, client):
    sandbox = opened(exam, real_now)
    publish_sandbox(exam_id=sandbox.exam_id, seed=1, now=real_now)
    assert client.get("/results/spring/").status_code == 200
    assert client.get(f"/results/{sandbox.slug}/").status_code == 404


def test_a_key_of_a_sandbox_opens_the_paper_at_once(exam, real_now):
    sandbox = opened(exam, real_now)
    browser = Client()
    assert browser.post("/enter/", {"key": sandbox.keys[0].key}).status_code == 302
    assert browser.post("/exam/start/").headers["Location"] == "/exam/paper/"
