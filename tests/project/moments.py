"""One exam at each of its moments, with somebody who sits it, and the table of what is answered then."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask
from apps.grading.services.publishing import publish_results
from apps.submissions.services.submitting import close_by_time, submit_paper
from tests import factories
from tests.project.rights import Objects

TABLE = Path(__file__).with_name("moments.txt")
MOMENTS = ("before", "open", "writing", "handed_in", "over", "published")
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Row:
    """What somebody is answered by one route and method at each moment."""

    route: str
    methods: tuple[str, ...]
    kinds: tuple[str, ...]
    who: str
    expected: dict[str, str]


def read_table(text: str) -> list[Row]:
    rows = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            route, methods, kinds, who, *cells = line.split()
            assert len(cells) == len(MOMENTS), f"{line!r} has {len(cells)} cells for {len(MOMENTS)} moments"
            expected = dict(zip(MOMENTS, cells, strict=True))
            parts = () if kinds == "-" else tuple(kinds.split("+"))
            rows += [Row(route, tuple(methods.split(",")), parts, one, expected) for one in who.split(",")]
    return rows


def exam_at(moment: str, word: str) -> Objects:
    """The database's own clock decides about saves, so the exam's times are moved and not the clock."""
    now = timezone.now()
    starts = {"before": now + HOUR, "over": now - 4 * HOUR, "published": now - 4 * HOUR}
    block = factories.TimeBlockFactory(
        exam__title=f"{word} Round",
        exam__slug=f"{word.lower()}-{moment.replace('_', '-')}",
        opens_at=starts.get(moment, now - HOUR),
        closes_at=starts.get(moment, now - HOUR) + 2 * HOUR,
    )
    exam = block.exam
    problem = factories.ProblemFactory(exam=exam, number=1)
    figure = factories.FigureFactory(exam=exam, name=f"{word.lower()}.svg")
    contestant = factories.ContestantFactory(contest=exam.contest, number=1)
    registration = factories.RegistrationFactory(exam=exam, contestant=contestant, time_block=block)
    factories.AccessKeyFactory(contestant=contestant)
    if moment not in {"before", "open"}:
        started = block.opens_at + timedelta(minutes=1)
        paper = factories.SubmissionFactory(
            registration=registration, started_at=started, deadline_at=block.closes_at
        )
        answer = factories.AnswerFactory(submission=paper, problem=problem, text="42", revision=1)
        factories.AnswerRevisionFactory(answer=answer, text="42")
        if moment == "handed_in":
            submit_paper(submission_id=paper.pk, now=now)
        if moment == "published":
            close_by_time(submission_id=paper.pk, now=now)
            task = factories.GradingTaskFactory(answer=answer)
            score = factories.ScoreFactory(task=task)
            GradingTask.objects.filter(pk=task.pk).update(status=TaskStatus.SCORED, grader=score.grader)
            publish_results(exam_id=exam.pk, actor=None, now=now)
    return Objects(
        drawing=figure.public_id,
        exam=exam.pk,
        figure=figure.pk,
        problem=problem.pk,
        registration=registration,
        timeblock=block.pk,
    )
