"""What still stands between an exam and its results, in words for the organiser."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.translation import ngettext

from apps.access.models import Registration
from apps.access.querysets import RegistrationQuerySet
from apps.exams.enums import ExamStatus
from apps.exams.models import Exam, TimeBlock
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Score
from apps.submissions.models import Answer, Submission


@dataclass(frozen=True, slots=True)
class Scored:
    """How far a problem is: of its answers that count, how many have a score that fits."""

    number: int
    total: int
    scored: int

    @property
    def missing(self) -> int:
        return self.total - self.scored

    @property
    def percent(self) -> int:
        """Rounded down: 100 means that nothing is left."""
        return 100 * self.scored // self.total if self.total else 0


def list_missing(exam: Exam, now: datetime) -> list[str]:
    """Sentences that name what is unfinished; none when the results may be published."""
    if not Registration.objects.filter(exam=exam).counted().exists():
        return ["Nobody is registered for this exam."]
    return [
        *list_blocks_to_come(exam, now),
        *list_open_papers(exam, now),
        *list_unscored(exam, now),
        *list_scores_above_maximum(exam),
    ]


def list_blocks_to_come(exam: Exam, now: datetime) -> list[str]:
    """Time blocks that have not opened: their contestants are not absent, they are still to come."""
    if exam.status == ExamStatus.CLOSED:
        return []
    blocks = TimeBlock.objects.filter(
        Exists(awaited().filter(time_block=OuterRef("pk"))), exam=exam, opens_at__gt=now
    )
    return [
        f"Time block “{block.name}” opens at {told(block.opens_at, exam)}, unless the exam is closed before."
        for block in blocks
    ]


def count_who_could_still_start(exam: Exam, now: datetime) -> int:
    """Contestants who have not started in a block that still takes them; publishing ends that."""
    if exam.status == ExamStatus.CLOSED:
        return 0
    entry_until = Coalesce("time_block__last_entry_at", "time_block__closes_at")
    return awaited().annotate(entry_until=entry_until).filter(exam=exam, entry_until__gt=now).count()


def awaited() -> RegistrationQuerySet:
    """Registrations that count and have no paper yet."""
    started = Submission.objects.filter(registration=OuterRef("pk"))
    return Registration.objects.counted().exclude(Exists(started))


def list_open_papers(exam: Exam, now: datetime) -> list[str]:
    papers = Submission.objects.filter(registration__exam=exam).counted().accepting_at(now)
    found = papers.aggregate(count=Count("pk"), until=Max("deadline_at"))
    if not found["count"]:
        return []
    words = ngettext("%d paper is still open", "%d papers are still open", found["count"]) % found["count"]
    return [f"{words} until {told(found['until'], exam)}."]


def list_unscored(exam: Exam, now: datetime) -> list[str]:
    """Answers of closed papers whose present text nobody scored."""
    return [
        f"Problem {row.number}: {ngettext('%d answer is', '%d answers are', row.missing) % row.missing}"
        " not scored."
        for row in count_scored([exam.pk], now).values()
        if row.missing
    ]


def count_scored(exam_ids: Iterable[int], now: datetime) -> Mapping[int, Scored]:
    """By problem, in two queries: the answers a publication waits for, and how many have a fitting score."""
    papers = Submission.objects.filter(registration__exam__in=exam_ids, registration__disqualification="")
    closed = papers.counted().closed_at(now)
    # Joins over all answers at once: asking for each answer's newest score took twice as long.
    current = Score.objects.filter(task__exam__in=exam_ids).current()
    scored = dict(
        Score.objects.filter(
            pk__in=current.values("pk"),
            points__isnull=False,
            task__status=TaskStatus.SCORED,
            answer_revision=F("task__answer__revision"),
            task__answer__submission__in=closed,
        )
        .order_by()
        .values_list("task__problem_id")
        .annotate(count=Count("task__answer", distinct=True))
    )
    totals = (
        Answer.objects.filter(submission__in=closed, problem__not_counted=False)
        .order_by("problem__number")
        .values_list("problem_id", "problem__number")
        .annotate(total=Count("pk"))
    )
    return {pk: Scored(number, total, scored.get(pk, 0)) for pk, number, total in totals}


def list_scores_above_maximum(exam: Exam) -> list[str]:
    """A problem may have been made worth less after it was scored."""
    newest = Score.objects.newest_for_task().values("points")[:1]
    counts = (
        GradingTask.objects.filter(exam=exam, problem__not_counted=False, status=TaskStatus.SCORED)
        .annotate(points=Subquery(newest))
        .filter(Q(points__gt=F("problem__max_points")))
        .order_by("problem__number")
        .values_list("problem__number")
        .annotate(count=Count("pk"))
    )
    return [
        f"Problem {number}: {ngettext('%d score is', '%d scores are', count) % count}"
        " above what the problem is worth now."
        for number, count in counts
    ]


def told(moment: datetime, exam: Exam) -> str:
    """A time as the exam's own clock shows it."""
    return date_format(moment.astimezone(ZoneInfo(exam.zone)), "H:i, j F Y")
