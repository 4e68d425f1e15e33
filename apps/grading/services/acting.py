"""Acts: many answers scored at once, signed by one person, undone as one.

Only answers that wait, or that the grader holds, are touched; what others hold or sent to the lead is left to
them. All acts lock as scoring one answer does: the tasks in the order of their numbers, then their papers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from apps.core.errors import RuleViolation
from apps.exams.enums import ProblemKind
from apps.exams.models import Problem
from apps.grading.enums import ActKind, TaskStatus
from apps.grading.models import GradingTask, Publication, Score, ScoringAct
from apps.grading.querysets import NOTHING_WRITTEN, GradingTaskQuerySet
from apps.grading.rules.equivalence import BLANK, BLANK_KEY, class_key, class_text, equals_accepted
from apps.grading.rules.points import BadPoints, check_points
from apps.grading.selectors.classes import get_remaining, waiting_for
from apps.grading.services.scoring import InvalidPoints, ResultsPublished, lock_closed_papers
from apps.grading.services.undoing import NotYourScore, take_back
from apps.submissions.models import Answer


class NothingWaits(RuleViolation):
    message = "None of these answers waits for you any more. Nothing was scored."
    code = "nothing_waits"


class ReadOneByOne(RuleViolation):
    message = "Proofs are read one by one. Only the blank ones can be scored together."
    code = "read_one_by_one"
    status = 400


class AlreadyUndone(RuleViolation):
    message = "This was undone already."
    code = "already_undone"


@dataclass(frozen=True, slots=True)
class RemainingDone:
    """What became of the answers that were shown: `left` ones had changed or were taken meanwhile.

    `appeared` ones wait now that were not shown.
    """

    act: ScoringAct
    left: int
    appeared: int


@dataclass(frozen=True, slots=True)
class Undone:
    """`left` answers were scored anew since, or their papers reopened: those were not touched."""

    count: int
    left: int


@transaction.atomic
def score_class(
    *,
    exam_id: int,
    problem_id: int,
    key: str,
    points: Decimal,
    comment: str = "",
    grader: AbstractBaseUser,
    now: datetime,
) -> ScoringAct:
    """Give all answers of one class that wait the same points; `key` names the class, the blank one too.

    What the grader judged is the text: an answer that joined the class since the page was shown is scored
    with it, one that left it is not.
    """
    problem = Problem.objects.get(pk=problem_id, exam_id=exam_id)
    points = allowed(points, problem)
    waiting = waiting_for(problem, grader, now)
    looks: dict[str, str | list[str]]
    if key == BLANK_KEY:
        text, looks = BLANK, {"text__regex": NOTHING_WRITTEN}
    elif problem.kind == ProblemKind.PROOF:
        raise ReadOneByOne
    else:
        written = waiting.order_by().values_list("answer__text", flat=True).distinct()
        texts = {one: class_text(one, kind=problem.kind) for one in written}
        members = [one for one, text in texts.items() if class_key(text) == key]
        if not members:
            raise NothingWaits
        text, looks = texts[members[0]], {"text__in": members}
    tasks = lock(waiting.filter(**{f"answer__{look}": value for look, value in looks.items()}))
    answers = lock_closed_papers(tasks, now).filter(**looks).in_bulk()
    kind = ActKind.CLASS if text else ActKind.BLANKS
    act = ScoringAct(problem=problem, kind=kind, text=text, points=points, comment=comment.strip())
    return sign(act, tasks, answers, grader, now)


@transaction.atomic
def score_remaining(
    *, exam_id: int, problem_id: int, seen: Mapping[int, int], grader: AbstractBaseUser, now: datetime
) -> RemainingDone:
    """Give 0 to the answers that were shown and are still the same: `seen` holds revisions by task.

    Blank ones and those that equal an accepted answer are never among them, whatever was sent.
    """
    problem = Problem.objects.get(pk=problem_id, exam_id=exam_id)
    if problem.kind == ProblemKind.PROOF:
        raise ReadOneByOne
    waiting = waiting_for(problem, grader, now)
    tasks = lock(waiting.filter(pk__in=seen))
    revisions = {task.answer_id: seen[task.pk] for task in tasks}
    answers = {
        answer.pk: answer
        for answer in lock_closed_papers(tasks, now)
        if answer.revision == revisions[answer.pk]
        and class_text(answer.text, kind=problem.kind) != BLANK
        and not equals_accepted(answer.text, problem.accepted, kind=problem.kind)
    }
    act = ScoringAct(problem=problem, kind=ActKind.REMAINING, points=Decimal(0))
    done = sign(act, tasks, answers, grader, now)
    appeared = get_remaining(problem, grader, now).seen.keys() - seen.keys()
    return RemainingDone(act=done, left=len(seen) - done.count, appeared=len(appeared))


@transaction.atomic
def undo_act(
    *,
    exam_id: int,
    act_id: int,
    grader: AbstractBaseUser,
    now: datetime,
    may_correct: bool = False,
) -> Undone:
    """Take an act back for all answers whose score is still the act's; the others are left.

    Whoever signed it may, and with `may_correct` (a lead grader) anybody's act may be undone.
    """
    act = ScoringAct.objects.select_for_update(no_key=True).get(pk=act_id, exam_id=exam_id)
    if act.grader_id != grader.pk and not may_correct:
        raise NotYourScore
    if act.undone_at is not None:
        raise AlreadyUndone
    scores = list(Score.objects.filter(act=act).order_by().values_list("pk", flat=True))
    taken = take_back(score_ids=scores, exam_id=exam_id, grader=grader, now=now)
    act.undone_at = now
    act.undone_by_id = grader.pk
    act.undone_count = len(taken.task_ids)
    act.save(update_fields=["undone_at", "undone_by", "undone_count"])
    return Undone(count=len(taken.task_ids), left=taken.left)


def allowed(points: Decimal, problem: Problem) -> Decimal:
    try:
        return check_points(points, maximum=problem.max_points)
    except BadPoints as fault:
        raise InvalidPoints(str(fault)) from fault


def lock(tasks: GradingTaskQuerySet) -> list[GradingTask]:
    """Wait for whoever scores one of them at this moment; what they scored is not ours any more."""
    return list(tasks.order_by("pk").select_for_update(of=("self",), no_key=True))


def sign(
    act: ScoringAct,
    tasks: list[GradingTask],
    answers: Mapping[int, Answer],
    grader: AbstractBaseUser,
    now: datetime,
) -> ScoringAct:
    """Record the act and its scores for those locked tasks whose answers are given."""
    tasks = [task for task in tasks if task.answer_id in answers]
    if not tasks:
        raise NothingWaits
    if Publication.objects.filter(exam_id=act.problem.exam_id).standing().exists():
        raise ResultsPublished
    act.exam_id = act.problem.exam_id
    act.grader_id = grader.pk
    act.done_at = now
    act.count = len(tasks)
    act.save(force_insert=True)
    versions = dict(Score.objects.filter(task__in=tasks).current().values_list("task_id", "version"))
    Score.objects.bulk_create(
        Score(
            task=task,
            version=versions.get(task.pk, 0) + 1,
            points=act.points,
            comment=act.comment,
            answer_revision=answers[task.answer_id].revision,
            grader_id=grader.pk,
            scored_at=now,
            act=act,
        )
        for task in tasks
    )
    GradingTask.objects.filter(pk__in=[task.pk for task in tasks]).update(
        status=TaskStatus.SCORED, grader_id=grader.pk, claimed_until=None
    )
    return act
