"""Making an exam from a file: everything is checked and rendered first, then written in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pghistory
from django.contrib.auth.models import AbstractBaseUser, AbstractUser
from django.db import transaction

from apps.core.errors import RuleViolation
from apps.core.markup import RENDERER
from apps.exams.enums import ExamStatus, StaffRole
from apps.exams.models import Exam, ExamStaff, Figure, Problem, StatementVersion, TimeBlock
from apps.exams.rules.documents import Document, DocumentError, read
from apps.exams.rules.drafts import ExamDraft, ProblemDraft, read_exam
from apps.exams.rules.places import spoken_place
from apps.exams.rules.reading import Fault
from apps.exams.services.editing import figure_columns, own_contest
from apps.exams.services.rendering import RenderedDraft


class ExamFileInvalid(RuleViolation):
    """The file is wrong in the places that `faults` name; nothing was written.

    `found` are the same for programs, where there is a tree that has places.
    """

    message = "problem 3, accepted: “E” is not the label of a choice"
    code = "invalid_exam_file"
    status = 400

    def __init__(self, faults: list[str], found: Sequence[Fault] = ()) -> None:
        self.faults = faults
        self.found = tuple(found)
        super().__init__("\n".join(faults))

    @property
    def members(self) -> dict[str, Any]:
        return {"errors": [{"place": fault.place, "message": fault.message} for fault in self.found]}


class ExamExists(RuleViolation):
    message = "There is already an exam spring-2026. Change it in the console, or give the file another slug."
    code = "exam_exists"

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"There is already an exam {slug}. Change it in the console, or give the file another slug."
        )


@dataclass(frozen=True, slots=True)
class ImportedExam:
    """What an import made, or with a dry run would make."""

    exam_id: int | None
    slug: str
    title: str
    problem_count: int
    total_points: Decimal
    time_block_count: int
    figure_count: int
    draft: ExamDraft


def import_exam_file(
    *,
    data: bytes,
    name: str,
    beside: Mapping[str, bytes],
    actor: AbstractBaseUser | None,
    now: datetime,
    dry_run: bool = False,
) -> ImportedExam:
    """Import a YAML, JSON or ZIP file; `beside` holds the files next to it, among them its figures."""
    try:
        document = read(data, name)
    except DocumentError as error:
        raise ExamFileInvalid([f"{name}: {error}"], [Fault("", str(error))]) from error
    if name.lower().endswith(".zip"):
        beside = document.figures
    return _import(document, beside, actor=actor, now=now, dry_run=dry_run)


def import_exam_tree(
    *,
    tree: Mapping[str, Any],
    figures: Mapping[str, bytes],
    actor: AbstractBaseUser | None,
    now: datetime,
    dry_run: bool = False,
) -> ImportedExam:
    """Import an exam from the tree that a file would hold."""
    return _import(Document(dict(tree)), figures, actor=actor, now=now, dry_run=dry_run)


def _import(
    document: Document,
    files: Mapping[str, bytes],
    *,
    actor: AbstractBaseUser | None,
    now: datetime,
    dry_run: bool,
) -> ImportedExam:
    draft, faults = read_exam(document.tree)
    rendering = RenderedDraft(draft, files, faulty={fault.place for fault in faults})
    faults += rendering.faults
    if faults:
        if Exam.objects.filter(slug=draft.slug).exists():
            faults.append(Fault("slug", str(ExamExists(draft.slug))))
        raise ExamFileInvalid(_told(document, faults), faults)
    with (
        transaction.atomic(),
        pghistory.context(actor=actor.pk if actor else None, act="import_exam", reason=draft.slug),
    ):
        if Exam.objects.filter(slug=draft.slug).exists():
            raise ExamExists(draft.slug)
        exam = _write(draft, rendering, actor=actor, now=now)
        if dry_run:
            # Written and taken back: what only the database knows to refuse is found too.
            transaction.set_rollback(True)
    return ImportedExam(
        exam_id=None if dry_run else exam.pk,
        slug=draft.slug,
        title=draft.title,
        problem_count=len(draft.problems),
        total_points=sum((problem.max_points for problem in draft.problems), Decimal(0)),
        time_block_count=len(draft.time_blocks),
        figure_count=len(rendering.figures.used),
        draft=draft,
    )


def _write(
    draft: ExamDraft, rendering: RenderedDraft, *, actor: AbstractBaseUser | None, now: datetime
) -> Exam:
    exam = Exam.objects.create(
        contest=own_contest(slug=draft.slug, title=draft.title),
        slug=draft.slug,
        title=draft.title,
        zone=draft.zone,
        # A file holds a finished exam: it opens by its times, and only the console makes drafts.
        status=ExamStatus.READY,
        clock=draft.clock,
        duration_minutes=draft.duration_minutes,
        late_start=draft.late_start,
        grace_seconds=draft.grace_seconds,
        blind=draft.blind,
        results=draft.results,
        instructions=draft.instructions,
        instructions_html=rendering.html["instructions"],
    )
    if isinstance(actor, AbstractUser) and not actor.is_superuser:
        # Who has every role needs none; anybody else could not open what they just made.
        ExamStaff.objects.create(exam=exam, user_id=actor.pk, role=StaffRole.ORGANISER)
    TimeBlock.objects.bulk_create(
        TimeBlock(
            exam=exam,
            name=block.name,
            zone=block.zone,
            opens_at=block.opens_at,
            last_entry_at=block.last_entry_at,
            closes_at=block.closes_at,
        )
        for block in draft.time_blocks
    )
    Figure.objects.bulk_create(
        Figure(exam=exam, public_id=public_id, name=name, **figure_columns(image))
        for name, (public_id, image) in sorted(rendering.figures.used.items())
    )
    problems = Problem.objects.bulk_create(
        _problem(exam, problem, rendering.html[f"problems[{index}].solution"])
        for index, problem in enumerate(draft.problems)
    )
    StatementVersion.objects.bulk_create(
        _statement(row, problem, f"problems[{index}]", rendering, exam=exam, actor=actor, now=now)
        for index, (row, problem) in enumerate(zip(problems, draft.problems, strict=True))
    )
    return exam


def _problem(exam: Exam, problem: ProblemDraft, solution_html: str) -> Problem:
    return Problem(
        exam=exam,
        number=problem.number,
        kind=problem.kind,
        max_points=problem.max_points,
        accepted=list(problem.accepted),
        solution=problem.solution,
        solution_html=solution_html,
        pages=problem.pages,
        not_counted=bool(problem.not_counted),
        not_counted_reason=problem.not_counted,
    )


def _statement(
    row: Problem,
    problem: ProblemDraft,
    place: str,
    rendering: RenderedDraft,
    *,
    exam: Exam,
    actor: AbstractBaseUser | None,
    now: datetime,
) -> StatementVersion:
    return StatementVersion(
        problem=row,
        version=1,
        source=problem.statement,
        choices=[{"label": choice.label, "text": choice.text} for choice in problem.choices],
        note=problem.note,
        html=rendering.html[f"{place}.statement"],
        choices_html=[
            rendering.html[f"{place}.choices[{index}].text"] for index in range(len(problem.choices))
        ],
        renderer=RENDERER,
        since_version=exam.version,
        created_at=now,
        created_by_id=actor.pk if actor else None,
    )


def _told(document: Document, faults: list[Fault]) -> list[str]:
    """Faults as sentences: the place, its line where the format tells it, and what is wrong."""
    told = []
    for fault in faults:
        place = spoken_place(document.tree, fault.place)
        if line := document.line_of(fault.place, fault.text_line):
            place += f" (line {line})"
        if fault.text_line is not None and fault.place not in document.literal:
            place += f", line {fault.text_line} of the text"
        told.append(f"{place}: {fault.message}")
    return told
