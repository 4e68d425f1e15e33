"""Changing what an exam shows: statements, figures, instructions. Each change bumps the exam's version."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import pghistory
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from apps.core.errors import RuleViolation
from apps.core.images import CleanImage, clean_image
from apps.core.markup import Rendered, render_statement
from apps.exams.enums import FigureKind
from apps.exams.models import Contest, Exam, Figure, Problem, StatementVersion
from apps.exams.rules.drafts import fault_of_accepted, fault_of_choices
from apps.exams.services.changing import NO_CONSENT, Consent, allow_changes

_EXTENSION = {FigureKind.SVG: ".svg", FigureKind.PNG: ".png"}


class StatementBlank(RuleViolation):
    message = "A statement must not be blank."
    code = "statement_blank"


class ChoicesInvalid(RuleViolation):
    """The choices do not fit the kind of the problem or its accepted answers."""

    message = "The choices: a choice needs at least two choices."
    code = "invalid_choices"
    status = 400


class FigureNameInvalid(RuleViolation):
    message = "A figure is named by letters, digits, dots, hyphens and underscores, and ends in .svg or .png."
    code = "invalid_figure_name"


class FigureInUse(RuleViolation):
    message = "A statement shows this figure; change the statement first."
    code = "figure_in_use"


def own_contest(*, slug: str, title: str) -> Contest:
    """A contest for one exam, which nobody asked to name."""
    taken = set(Contest.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
    free = slug
    number = 2
    while free in taken:
        free = f"{slug[:56]}-{number}"
        number += 1
    return Contest.objects.create(slug=free, title=title)


@transaction.atomic
def add_statement_version(
    *,
    problem_id: int,
    source: str,
    choices: Sequence[Mapping[str, str]] = (),
    note: str = "",
    actor: AbstractBaseUser | None,
    now: datetime,
    consent: Consent = NO_CONSENT,
) -> StatementVersion:
    """Put a new statement before contestants; the same text again changes nothing.

    Once somebody has started it needs a consent, and the labels of choices stay.
    """
    problem = Problem.objects.select_related("exam").get(pk=problem_id)
    version = lock_exam(problem.exam_id)
    if not source.strip():
        raise StatementBlank
    labels = [choice["label"] for choice in choices]
    if fault := fault_of_choices(problem.kind, labels):
        raise ChoicesInvalid(f"The choices: {fault}.")
    if fault := fault_of_accepted(problem.kind, problem.accepted, labels):
        raise ChoicesInvalid(f"The accepted answers: {fault}.")
    chosen = [{"label": choice["label"], "text": choice["text"]} for choice in choices]
    latest = problem.statements.order_by("-version").first()
    if latest is not None and (latest.source, latest.choices, latest.note) == (source, chosen, note):
        return latest
    if latest is not None:
        kinds = statement_changes(latest, source=source, choices=chosen, note=note)
        allow_changes(exam_id=problem.exam_id, problem_id=problem.pk, kinds=kinds, consent=consent)

    figures = figure_addresses(problem.exam_id)
    rendered = render_text(source, figures)
    with pghistory.context(
        actor=actor.pk if actor else None, act="add_statement_version", reason=consent.reason or note
    ):
        statement = StatementVersion.objects.create(
            problem=problem,
            version=latest.version + 1 if latest else 1,
            source=source,
            choices=chosen,
            note=note,
            html=rendered.html,
            choices_html=[render_choice(choice["text"], figures) for choice in chosen],
            renderer=rendered.renderer,
            since_version=version + 1,
            created_at=now,
            created_by_id=actor.pk if actor else None,
        )
        bump_version(problem.exam_id)
    return statement


def statement_changes(
    latest: StatementVersion, *, source: str, choices: Sequence[Mapping[str, str]], note: str
) -> list[str]:
    """Which kinds of change lead from a statement to this one."""
    kinds = []
    if (latest.source, latest.choices) != (source, list(choices)):
        kinds.append("statement.text")
    if [choice["label"] for choice in latest.choices] != [choice["label"] for choice in choices]:
        kinds.append("statement.labels")
    if latest.note != note:
        kinds.append("statement.note")
    return kinds


@transaction.atomic
def put_figure(
    *,
    exam_id: int,
    name: str,
    data: bytes,
    actor: AbstractBaseUser | None,
    consent: Consent = NO_CONSENT,
) -> Figure:
    """Add a figure, or replace the one of this name; its address stays: statements show the new one."""
    image = clean_image(data)
    check_figure_name(name, image)
    lock_exam(exam_id)
    kind = figure_change(exam_id, name, image)
    if kind is not None:
        allow_changes(exam_id=exam_id, kinds=[kind], consent=consent)
    with pghistory.context(
        actor=actor.pk if actor else None, act="put_figure", reason=consent.reason or name
    ):
        figure, _ = Figure.objects.update_or_create(
            exam_id=exam_id, name=name, defaults=figure_columns(image)
        )
        bump_version(exam_id)
    return figure


def figure_change(exam_id: int, name: str, image: CleanImage) -> str | None:
    """Which kind of change this image is; None if it is there already, or nothing shows the old one."""
    held = Figure.objects.filter(exam_id=exam_id, name=name).only("public_id", "digest").first()
    if held is None:
        return "figure.added"
    is_same = held.digest == hashlib.sha256(image.content).hexdigest()
    return None if is_same or str(held.public_id) not in shown_html(exam_id) else "figure.replaced"


@transaction.atomic
def remove_figure(*, figure_id: int, actor: AbstractBaseUser | None) -> None:
    """Remove a figure that no current text of its exam shows."""
    figure = Figure.objects.get(pk=figure_id)
    lock_exam(figure.exam_id)
    if str(figure.public_id) in shown_html(figure.exam_id):
        raise FigureInUse
    with pghistory.context(actor=actor.pk if actor else None, act="remove_figure", reason=figure.name):
        figure.delete()
        bump_version(figure.exam_id)


def shown_html(exam_id: int) -> str:
    """All HTML of an exam as it is now: what is not in here is not shown."""
    texts = list(Exam.objects.filter(pk=exam_id).values_list("instructions_html", flat=True))
    texts += Problem.objects.filter(exam_id=exam_id).values_list("solution_html", flat=True)
    current = StatementVersion.objects.filter(problem__exam_id=exam_id).current()
    for html, choices in current.values_list("html", "choices_html"):
        texts += [html, *choices]
    return "\n".join(texts)


def lock_exam(exam_id: int) -> int:
    """Hold the exam until the transaction ends, so that edits come one after the other; its version."""
    return Exam.objects.select_for_update().values_list("version", flat=True).get(pk=exam_id)


def bump_version(exam_id: int) -> None:
    """Count an edit of what contestants are shown: copies of an older version are out of date from now on."""
    Exam.objects.filter(pk=exam_id).update(version=F("version") + 1)


def render_text(source: str, figures: Mapping[str, str], *, top_heading: int = 3) -> Rendered:
    """A statement, choice, solution or the instructions as HTML; raises `MarkupError`."""
    return render_statement(source, figure_url=figures.get, top_heading=top_heading)


def render_choice(text: str, figures: Mapping[str, str]) -> str:
    """A choice stands in one line with its button: a single paragraph loses its tags."""
    html = render_text(text, figures).html
    inside = html.removeprefix("<p>").removesuffix("</p>")
    return inside if "<p>" not in inside and len(html) - len(inside) == len("<p></p>") else html


def figure_addresses(exam_id: int) -> dict[str, str]:
    """The address of each figure of an exam by its name."""
    rows = Figure.objects.filter(exam_id=exam_id).values_list("name", "public_id")
    return {name: figure_address(public_id) for name, public_id in rows}


def figure_address(public_id: UUID) -> str:
    return reverse(settings.FIGURE_URL, args=[public_id])


def figure_columns(image: CleanImage) -> dict[str, object]:
    return {
        "kind": image.content_type,
        "content": image.content,
        "width": image.width,
        "height": image.height,
        "digest": hashlib.sha256(image.content).hexdigest(),
    }


def check_figure_name(name: str, image: CleanImage) -> None:
    """A name is a plain file name: it becomes one again on export."""
    extension = _EXTENSION[FigureKind(image.content_type)]
    if len(name) > 100 or not re.fullmatch(r"\w[\w.-]*\.(svg|png)", name) or not name.endswith(extension):  # noqa: PLR2004
        raise FigureNameInvalid
