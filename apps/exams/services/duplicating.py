"""An exam once more: what contestants are shown, and nothing of who sat it."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pghistory
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Model

from apps.core.errors import RuleViolation
from apps.exams.enums import ExamStatus, StaffRole
from apps.exams.models import Exam, ExamStaff, Figure, Problem, StatementVersion, TimeBlock
from apps.exams.rules.shifting import Times, local_time, shifted
from apps.exams.services.editing import own_contest

# A row of these columns is written anew; everything else of an exam or a problem is taken over.
_OWN_OF_EXAM = {
    "id",
    "contest",
    "slug",
    "title",
    "status",
    "version",
    "notices",
    "first_started_at",
    "rehearses",
}
_OWN_OF_PROBLEM = {"id", "exam", "not_counted", "not_counted_reason", "first_scored_at"}


class SlugTaken(RuleViolation):
    code = "slug_taken"

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is already an exam {slug}. Choose another slug.")


@transaction.atomic
def duplicate_exam(
    *,
    exam_id: int,
    slug: str,
    title: str,
    first_opens_at: datetime | None,
    actor: AbstractBaseUser | None,
    now: datetime,
) -> Exam:
    """A draft with the problems, their newest statements, the figures and the time blocks of an exam.

    `first_opens_at` is what the clocks of the first block's place show when it opens; the other blocks move
    along. Contestants, scores and staff stay behind, and so does what was said during the sitting: the notes,
    and that a problem was not counted.
    """
    source = Exam.objects.get(pk=exam_id)
    if Exam.objects.filter(slug=slug).exists():
        raise SlugTaken(slug)
    with pghistory.context(actor=actor.pk if actor else None, act="duplicate_exam", reason=source.slug):
        contest = own_contest(slug=slug, title=title)
        exam = Exam(contest=contest, slug=slug, title=title, status=ExamStatus.DRAFT)
        _take_over(source, exam, leave=_OWN_OF_EXAM)
        readdress = _copy_figures(source, exam)
        exam.instructions_html = readdress(source.instructions_html)
        exam.save()
        Figure.objects.bulk_create(readdress.figures)
        _copy_problems(source, exam, readdress, actor=actor, now=now)
        _copy_blocks(source, exam, first_opens_at)
        if actor is not None:
            ExamStaff.objects.create(exam=exam, user_id=actor.pk, role=StaffRole.ORGANISER)
    return exam


class _Readdress:
    """The figures of the copy, each under an address of its own, and texts that point there."""

    def __init__(self, figures: list[Figure], addresses: dict[str, str]) -> None:
        self.figures = figures
        self._addresses = addresses

    def __call__(self, html: str) -> str:
        for old, new in self._addresses.items():
            html = html.replace(old, new)
        return html


def _copy_figures(source: Exam, exam: Exam) -> _Readdress:
    figures, addresses = [], {}
    for figure in source.figures.all():
        copy = Figure(exam=exam, public_id=uuid.uuid4())
        _take_over(figure, copy, leave={"id", "exam", "public_id"})
        figures.append(copy)
        addresses[str(figure.public_id)] = str(copy.public_id)
    return _Readdress(figures, addresses)


def _copy_problems(
    source: Exam,
    exam: Exam,
    readdress: Callable[[str], str],
    *,
    actor: AbstractBaseUser | None,
    now: datetime,
) -> None:
    latest = {
        statement.problem_id: statement
        for statement in StatementVersion.objects.filter(problem__exam=source).current()
    }
    statements = []
    problems = []
    for problem in source.problems.all():
        copy = Problem(exam=exam)
        _take_over(problem, copy, leave=_OWN_OF_PROBLEM)
        copy.solution_html = readdress(problem.solution_html)
        problems.append(copy)
        if statement := latest.get(problem.pk):
            statements.append(
                StatementVersion(
                    problem=copy,
                    version=1,
                    source=statement.source,
                    choices=statement.choices,
                    html=readdress(statement.html),
                    choices_html=[readdress(html) for html in statement.choices_html],
                    renderer=statement.renderer,
                    since_version=exam.version,
                    created_at=now,
                    created_by_id=actor.pk if actor else None,
                )
            )
    Problem.objects.bulk_create(problems)
    StatementVersion.objects.bulk_create(statements)


def _copy_blocks(source: Exam, exam: Exam, first_opens_at: datetime | None) -> None:
    blocks = sorted(source.time_blocks.select_related("exam"), key=lambda block: block.opens_at)
    by = timedelta(0)
    if blocks and first_opens_at is not None:
        by = first_opens_at - local_time(blocks[0].opens_at, blocks[0].zone_name)
    copies = []
    for block in blocks:
        times = shifted(Times(block.opens_at, block.last_entry_at, block.closes_at), block.zone_name, by)
        copies.append(
            TimeBlock(
                exam=exam,
                name=block.name,
                zone=block.zone,
                opens_at=times.opens_at,
                last_entry_at=times.last_entry_at,
                closes_at=times.closes_at,
            )
        )
    TimeBlock.objects.bulk_create(copies)


def _take_over(source: Model, copy: Model, *, leave: set[str]) -> None:
    """Every column but those named: one that is added to the model later is taken over too."""
    for column in source._meta.concrete_fields:  # noqa: SLF001 - Django's own documented door to columns
        if column.name not in leave:
            setattr(copy, column.attname, getattr(source, column.attname))
