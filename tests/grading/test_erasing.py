"""Erasing: nothing of anybody else changes. That nothing stays is in tests/project/test_personal_data.py."""

import re
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from apps.access.models import Contestant, Erasure, Registration, School
from apps.grading.models import GradingTask, Publication, Result, Score
from apps.grading.selectors.erasure import get_erasure_plan
from apps.grading.selectors.exam_history import Filters, get_exam_history
from apps.grading.selectors.readiness import list_missing
from apps.grading.selectors.tally import list_tally
from apps.grading.selectors.versions import compare_with_tally
from apps.grading.services import erasing
from apps.grading.services.erasing import history, people_due
from apps.submissions.enums import RevisionState
from apps.submissions.models import Answer, AnswerRevision, Receipt, Submission
from examgrader.localservices import BASE_DIR
from tests import factories
from tests.support.canaries import build_world, canary, find_in_database, marks_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return build_world()


def erase(world, now, **changes):
    wanted = {
        "contestant_id": world.contestant.pk,
        "reason": "Asked by the parents",
        "actor": world.organiser,
    }
    return erasing.erase_contestant(**{**wanted, "now": now, **changes})


def standings(exam):
    """How everybody stands: published, and as the scores are now."""
    published = Result.objects.filter(publication__exam=exam).order_by("pk")
    return (
        list(published.values_list("publication", "number", "status", "rank", "total")),
        [(row.number, row.status, row.rank, row.total) for row in list_tally(exam.pk)],
    )


def test_erase_contestant_changes_nobodys_total_or_rank(world, now):
    before = standings(world.exam)
    others = Result.objects.exclude(registration=world.registration).values()
    rows = list(others)
    erase(world, now)
    assert standings(world.exam) == before
    assert list(others.all()) == rows
    newest = Publication.objects.order_by("-number").first()
    assert compare_with_tally(newest, list_tally(world.exam.pk)).is_nothing


def test_erase_contestant_keeps_the_number_and_says_who_and_why(world, now):
    erase(world, now)
    record = Erasure.objects.get()
    assert (record.contestant_id, record.reason) == (world.contestant.pk, "Asked by the parents")
    assert (record.erased_by, record.erased_at) == (world.organiser, now)
    husk = Contestant.objects.get(pk=world.contestant.pk)
    assert (husk.number, husk.name, husk.school) == (world.contestant.number, "", None)
    told = str(get_exam_history(world.exam, Filters(), 1).entries)
    assert f"contestant {husk.public_number}" in told
    assert "Asked by the parents" in told


def test_erase_contestant_leaves_what_others_wrote(world, now):
    erase(world, now)
    texts = AnswerRevision.objects.values_list("submission", "text")
    assert sorted(texts) == sorted((paper.pk, text) for paper in world.others for text in ("41", "42"))
    assert Receipt.objects.count() == len(world.others)


def test_erase_contestant_again_takes_what_came_since(world, now):
    first = erase(world, now)
    answer = Answer.objects.get(submission=world.paper, number=1)
    factories.AnswerRevisionFactory(
        answer=answer, text=canary("Straggler"), state=RevisionState.LATE, revision=None
    )
    again = erase(world, now + timedelta(days=1), reason="Again")
    assert (again, again.reason, again.erased_at) == (first, "Asked by the parents", now)
    assert not AnswerRevision.objects.filter(submission=world.paper).exists()


def test_erase_contestant_is_refused_while_the_paper_is_open(world, now):
    Submission.objects.filter(pk=world.paper.pk).update(
        submitted_at=None, submitted_by="", deadline_at=now + timedelta(minutes=1)
    )
    with pytest.raises(erasing.StillWriting):
        erase(world, now)
    assert Contestant.objects.get(pk=world.contestant.pk).name


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
def test_erase_contestant_wants_a_reason(world, now, reason):
    with pytest.raises(erasing.ErasureReasonMissing):
        erase(world, now, reason=reason)


def test_erase_contestant_refuses_a_reason_that_names_the_person(world, now):
    for reason in (f"{canary('ana')}'s mother wrote", f"roster line {canary('Id')}"):
        with pytest.raises(erasing.ErasureReasonTellsWho):
            erase(world, now, reason=reason)


def test_erase_contestant_is_all_or_nothing(world, now, monkeypatch):
    marks = marks_of(world)
    before = find_in_database(marks)

    def fail(*_):
        raise OSError

    monkeypatch.setattr(history, "erase_history", fail)
    with pytest.raises(OSError), transaction.atomic():  # noqa: PT011
        erase(world, now)
    assert find_in_database(marks) == before


def test_who_is_erased_before_grading_ended_does_not_compete(hand_in, queue, exam, problems, grader, now):
    """Nobody can grade the work any more: it neither holds up the results nor gets a rank."""
    paper = hand_in("41", "42")
    queue()
    assert list_missing(exam, now) != []
    erasing.erase_contestant(
        contestant_id=paper.registration.contestant_id, reason="Asked", actor=None, now=now
    )
    assert list_missing(exam, now) == []
    assert [(row.status, row.rank) for row in list_tally(exam.pk)] == [("disqualified", None)]


def test_who_never_sat_stands_in_no_list(exam, block, now):
    registration = factories.RegistrationFactory(exam=exam, time_block=block)
    erasing.erase_contestant(contestant_id=registration.contestant_id, reason="Asked", actor=None, now=now)
    assert not Registration.objects.exists()
    assert Erasure.objects.get().contestant_id == registration.contestant_id


def test_a_disqualification_stays_without_its_reason(world, now):
    Registration.objects.filter(pk=world.registration.pk).update(disqualification=canary("Cheated"))
    erase(world, now)
    assert Registration.objects.get(pk=world.registration.pk).disqualification == "Erased."


def test_a_school_that_others_come_from_stays(world, now):
    school = world.contestant.school
    factories.ContestantFactory(contest=world.exam.contest, school=school)
    erase(world, now)
    assert School.objects.filter(pk=school.pk).exists()


def test_an_act_that_scored_others_too_keeps_what_they_have_in_common(world, now):
    score = Score.objects.filter(task__answer__submission=world.paper).first()
    task = GradingTask.objects.filter(answer__submission=world.others[0]).first()
    factories.ScoreFactory(task=task, version=2, act=score.act, grader=world.organiser)
    erase(world, now)
    score.act.refresh_from_db()
    assert score.act.text == canary("Answer1")


def test_get_erasure_plan_counts_what_goes(world, now):
    contestant = Contestant.objects.get(pk=world.contestant.pk)
    plan = get_erasure_plan(contestant, now)
    assert all(count for _, count in plan.goes)
    erase(world, now)
    after = get_erasure_plan(Contestant.objects.get(pk=contestant.pk), now)
    # A paper without texts, and published lines without a name, are what stays.
    stays = {"papers' times and devices": 1, "name and texts in published results": 2}
    assert {what: count for what, count in after.goes if count} == stays
    assert after.erased_at == now


# -- The guards that erasing passes -------------------------------------------------------------------------


def test_the_guards_hold_before_and_after(world, now):
    def pass_guard():
        with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic():
            Score.objects.filter(task__answer__submission=world.others[0]).update(comment="changed")

    pass_guard()
    erase(world, now)
    pass_guard()


def test_nothing_else_passes_the_guards():
    assert {path for path, text in sources() if passes_guards(text)} == {
        "apps/grading/services/erasing/lifting.py",
        # The sandbox of a rehearsal, which nobody sat.
        "apps/grading/services/rehearsing.py",
    }
    assert {path for path, text in sources() if "append_only_lifted" in text} == {
        "apps/grading/services/erasing/contestants.py",
        "apps/grading/services/erasing/lifting.py",
    }


@pytest.mark.parametrize(
    "source",
    [
        "with pgtrigger.ignore():",
        "from pgtrigger import ignore",
        "ALTER TABLE x DISABLE TRIGGER ALL",
        "set session_replication_role = replica",
        "set_config('pgtrigger.ignore', ...)",
        "truncate table grading_score",
    ],
)
def test_each_way_round_the_guards_is_found(source):
    assert passes_guards(source)


def passes_guards(text):
    ways = r"pgtrigger\.ignore|import ignore|disable trigger|session_replication_role|\btruncate\s+table"
    return re.search(ways, text, re.IGNORECASE) is not None


def sources():
    for folder in ("apps", "examgrader"):
        for path in (BASE_DIR / folder).rglob("*.py"):
            yield str(path.relative_to(BASE_DIR)), path.read_text()


# -- After some time ----------------------------------------------------------------------------------------


def due(world, days, moment):
    return set(people_due(exam=world.exam, days=days, now=moment).values_list("number", flat=True))


def test_people_are_due_so_many_days_after_the_results(world, now):
    everybody = set(Contestant.objects.values_list("number", flat=True))
    assert due(world, 30, now + timedelta(days=29)) == set()
    assert due(world, 30, now + timedelta(days=30)) == everybody


def test_nobody_is_due_without_results(world, now):
    Publication.objects.filter(withdrawn_at=None).update(withdrawn_at=now, withdrawn_reason="An error")
    assert due(world, 30, now + timedelta(days=1000)) == set()


def test_who_sits_another_exam_of_the_contest_waits_for_its_results(world, now):
    second = factories.ExamFactory(contest=world.exam.contest)
    block = factories.TimeBlockFactory(exam=second)
    factories.RegistrationFactory(exam=second, contestant=world.contestant, time_block=block)
    assert world.contestant.number not in due(world, 30, now + timedelta(days=100))
    factories.PublicationFactory(exam=second, published_at=now + timedelta(days=90))
    assert world.contestant.number not in due(world, 30, now + timedelta(days=100))
    assert world.contestant.number in due(world, 30, now + timedelta(days=120))


def test_erase_exam_people_again_erases_nobody(world, now):
    later = now + timedelta(days=30)
    wanted = {"exam": world.exam, "days": 30, "reason": "Long ago", "now": later}
    assert len(list(erasing.erase_exam_people(**wanted))) == len(world.others) + 1
    assert list(erasing.erase_exam_people(**wanted)) == []
    assert set(Erasure.objects.values_list("reason", "erased_at")) == {("Long ago", later)}
