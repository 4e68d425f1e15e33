"""The paper as a page: rendered once for each version of an exam, filled in for each contestant.

Everything that is a contestant's own has a name and a text, in `own_texts`. The template gets it by `own`:
the texts themselves, or marks for them. It is the same template either way, so the two cannot drift apart
as long as it prints these texts as they are; a test compares the two byte for byte.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse

from apps.core.slots import Own, SlottedPage
from apps.core.versioned import Recent
from apps.exams.selectors.content import ExamContent, ProblemContent
from apps.submissions.selectors.paper import Paper, PaperProblem

TEMPLATE = "submissions/paper.html"
# What the page as a whole has of its contestant; each problem adds its own.
OF_THE_PAPER = (
    *("submission_id", "contestant_number", "contestant_name", "device", "save_token", "journal_key"),
    *("now", "deadline", "until", "grace_seconds", "zone", "notices", "phase"),
)


@dataclass(frozen=True)
class Opened:
    """One opening of a paper: the page's own id, its token, and texts that were not saved, by number."""

    paper: Paper
    device: UUID
    save_token: str
    unsaved: Mapping[int, str]


@dataclass(frozen=True)
class Shape:
    """What pages have in common: the content, and which problem stands under which number.

    The numbers are everybody's, unless a tester started before they were changed.
    """

    content: ExamContent
    places: tuple[tuple[int, int], ...]
    is_tester: bool

    @property
    def key(self) -> tuple[object, ...]:
        return self.content.exam_id, self.content.version, self.places, self.is_tester


PAGES: Recent[SlottedPage] = Recent()


def show(request: HttpRequest, opened: Opened, *, status: int = 200) -> HttpResponse:
    """The page. One that has more to say than the paper itself is rendered as a whole."""
    shape, texts = shape_of(opened.paper), own_texts(opened)
    if opened.unsaved or has_messages(request) or settings.DEBUG:
        return HttpResponse(render_whole(request, shape, texts, opened.unsaved), status=status)
    return HttpResponse(slotted(shape).fill(texts | {"csrf_token": get_token(request)}), status=status)


def has_messages(request: HttpRequest) -> bool:
    """Whether there is a "saved" to say; asking leaves it there to be said."""
    return len(get_messages(request)) > 0


def render_whole(
    request: HttpRequest, shape: Shape, texts: Mapping[str, str], unsaved: Mapping[int, str]
) -> str:
    context = {"paper": context_of(shape, texts.__getitem__, unsaved)}
    return render_to_string(TEMPLATE, context, request)


def slotted(shape: Shape) -> SlottedPage:
    """The page with slots for what is the contestant's, made when it is first wanted."""

    def render(own: Own) -> str:
        return render_to_string(
            TEMPLATE, {"paper": context_of(shape, own, {}), "csrf_token": own("csrf_token")}
        )

    page = PAGES.get(shape.key)
    if page is None:
        page = SlottedPage(render)
        PAGES.put(shape.key, page)
    return page


def shape_of(paper: Paper) -> Shape:
    places = tuple((problem.problem_id, problem.number) for problem in paper.problems)
    return Shape(paper.content, places, paper.is_tester)


def context_of(shape: Shape, own: Own, unsaved: Mapping[int, str]) -> dict[str, Any]:
    """The template's `paper`: the exam's content, and the contestant's own wherever `own` puts it."""
    return {
        **{name: own(name) for name in OF_THE_PAPER},
        "exam_title": shape.content.title,
        "instructions_html": shape.content.instructions_html,
        "is_tester": shape.is_tester,
        "save_url": reverse("submissions:save"),
        "problems": [
            problem_context(shape.content.by_id[problem_id], number, own, unsaved.get(number))
            for problem_id, number in shape.places
        ],
    }


def problem_context(
    problem: ProblemContent, number: int, own: Own, unsaved_text: str | None
) -> dict[str, Any]:
    return {
        "number": number,
        "kind": problem.kind,
        "max_points": problem.max_points,
        "note": problem.note,
        "statement_html": problem.statement_html,
        "choices": [
            {"label": choice.label, "html": choice.html, "checked": own(f"checked-{number}-{choice.label}")}
            for choice in problem.choices
        ],
        "answer": {
            "text": own(f"text-{number}"),
            "revision": own(f"revision-{number}"),
            "mark": own(f"mark-{number}"),
            "none_checked": own(f"checked-{number}-"),
        },
        "op": own(f"op-{number}"),
        "unsaved_text": unsaved_text,
    }


def own_texts(opened: Opened) -> dict[str, str]:
    """Every text that is this contestant's own, by its name."""
    paper = opened.paper
    texts = {
        "submission_id": paper.submission_id,
        "contestant_number": paper.contestant_number,
        "contestant_name": paper.contestant_name,
        "device": str(opened.device),
        "save_token": opened.save_token,
        "journal_key": paper.journal_key,
        "now": stamp(paper.now),
        "deadline": stamp(paper.deadline_at),
        "until": f"{paper.deadline_at.astimezone(ZoneInfo(paper.zone)):%H:%M}",
        "grace_seconds": str(paper.grace_seconds),
        "zone": paper.zone,
        "notices": str(paper.notices),
        "phase": str(paper.phase),
    }
    for problem in paper.problems:
        texts |= texts_of_problem(problem)
    return texts


def texts_of_problem(problem: PaperProblem) -> dict[str, str]:
    number, text = problem.number, problem.answer.text
    labels = ("", *(choice.label for choice in problem.choices))
    return {
        f"text-{number}": text,
        f"revision-{number}": str(problem.answer.revision),
        f"mark-{number}": "saved" if text else "blank",
        f"op-{number}": str(problem.op),
        **{f"checked-{number}-{label}": "checked" if text == label else "" for label in labels},
    }


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
