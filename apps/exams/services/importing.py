"""Making an exam from a file: everything is checked and rendered first, then written in one transaction."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import pghistory
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from apps.core.errors import RuleViolation
from apps.core.images import CleanImage, ImageRefused, clean_image
from apps.core.markup import RENDERER, MarkupError
from apps.exams.enums import ExamStatus
from apps.exams.models import Exam, Figure, Problem, StatementVersion, TimeBlock
from apps.exams.rules.documents import Document, DocumentError, read
from apps.exams.rules.drafts import ExamDraft, ProblemDraft, read_exam
from apps.exams.rules.reading import Fault
from apps.exams.services.editing import (
    FigureNameInvalid,
    check_figure_name,
    figure_address,
    figure_columns,
    own_contest,
    render_choice,
    render_text,
)


class ExamFileInvalid(RuleViolation):
    """The file is wrong in the places that `faults` name; nothing was written."""

    code = "invalid_exam_file"

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


class ExamExists(RuleViolation):
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
        raise ExamFileInvalid([f"{name}: {error}"]) from error
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
    if draft is None:
        raise ExamFileInvalid(_told(document, faults))
    rendering = _Rendering(draft, files)
    if rendering.faults:
        raise ExamFileInvalid(_told(document, rendering.faults))
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
    )


@dataclass(slots=True)
class _Figures:
    """Figures are fetched and cleaned when a text first names them; their addresses are known beforehand."""

    files: Mapping[str, bytes]
    used: dict[str, tuple[uuid.UUID, CleanImage]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def address(self, name: str) -> str | None:
        if name not in self.used and name not in self.refused:
            try:
                image = clean_image(self.files[name])
                check_figure_name(name, image)
            except KeyError:
                return None
            except (ImageRefused, FigureNameInvalid) as refusal:
                self.refused[name] = str(refusal)
            else:
                self.used[name] = (uuid.uuid4(), image)
        return figure_address(self.used[name][0]) if name in self.used else "refused"


class _Rendering:
    """All texts of a draft as HTML, by their places, and everything that could not be rendered."""

    def __init__(self, draft: ExamDraft, files: Mapping[str, bytes]) -> None:
        self.faults: list[Fault] = []
        self.figures = _Figures(files)
        self.html: dict[str, str] = {}
        self._addresses = _Addresses(self.figures)
        self._render("instructions", draft.instructions, top_heading=2)
        for index, problem in enumerate(draft.problems):
            place = f"problems[{index}]"
            self._render(f"{place}.statement", problem.statement)
            self._render(f"{place}.solution", problem.solution)
            for choice_index, choice in enumerate(problem.choices):
                self._render_choice(f"{place}.choices[{choice_index}].text", choice.text)
        self.faults += [Fault(name, message) for name, message in self.figures.refused.items()]

    def _render(self, place: str, source: str, *, top_heading: int = 3) -> None:
        try:
            self.html[place] = render_text(source, self._addresses, top_heading=top_heading).html
        except MarkupError as error:
            self.faults.append(Fault(place, error.problem, error.line))

    def _render_choice(self, place: str, source: str) -> None:
        try:
            self.html[place] = render_choice(source, self._addresses)
        except MarkupError as error:
            self.faults.append(Fault(place, error.problem, error.line))


class _Addresses(dict[str, str]):
    """Looks like the finished table of addresses, and fills itself."""

    def __init__(self, figures: _Figures) -> None:
        super().__init__()
        self._figures = figures

    def get(self, name: str, default: Any = None) -> Any:
        return self._figures.address(name) or default


def _write(draft: ExamDraft, rendering: _Rendering, *, actor: AbstractBaseUser | None, now: datetime) -> Exam:
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
    rendering: _Rendering,
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
        place = fault.place or "the file"
        if line := document.line_of(fault.place, fault.text_line):
            place += f" (line {line})"
        if fault.text_line is not None and fault.place not in document.literal:
            place += f", line {fault.text_line} of the text"
        told.append(f"{place}: {fault.message}")
    return told
