"""The console's home: where each exam stands, and the one next thing to do in it, with the way there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.exams.enums import ExamStatus
from apps.exams.gate import staff_of
from apps.exams.rules import roles
from apps.grading.rules.next_steps import Step
from apps.grading.selectors.home import ExamCard, PastExam, get_home

# What is behind each door of a card, and who may go through it.
DOORS = (
    ("Exam", Step.LOOK, roles.VIEW),
    ("Preview", Step.PREVIEW, roles.READ),
    ("Registrations", Step.REGISTRATIONS, roles.MANAGE_PEOPLE),
    ("Papers", Step.WATCH, roles.WATCH),
    ("Grading", Step.DESK, roles.SCORE),
    ("Results", Step.RESULTS, roles.PUBLISH),
    ("History", Step.HISTORY, roles.MANAGE_PEOPLE),
)
# An exam's own page by its id, or a list with the filter that leaves this exam's rows.
EXAM_PAGE = ("admin:exams_exam_change",)
PLACES: dict[Step, tuple[str, ...]] = {
    Step.PROBLEM: ("admin:exams_problem_add", "exam"),
    Step.BLOCK: EXAM_PAGE,
    Step.READY: ("admin:exams_exam_status",),
    Step.LOOK: EXAM_PAGE,
    Step.PREVIEW: ("admin:exams_exam_preview",),
    Step.CONTESTANTS: ("admin:access_contestant_roster", "exam"),
    Step.KEYS: ("admin:access_registration_changelist", "key=none&exam__id__exact"),
    Step.REGISTRATIONS: ("admin:access_registration_changelist", "exam__id__exact"),
    Step.WATCH: ("admin:submissions_submission_changelist", "registration__exam__id__exact"),
    Step.REFERRALS: ("admin:grading_referrals",),
    Step.DESK: ("admin:grading_desk",),
    Step.RESULTS: ("admin:grading_results",),
    Step.HISTORY: ("admin:grading_exam_history",),
}
# What such an address holds besides.
MORE = {Step.READY: (ExamStatus.READY.value,)}


@dataclass(frozen=True, slots=True)
class Door:
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An exam with the addresses its page needs; a next step that is nothing has none."""

    exam: ExamCard | PastExam
    doors: Sequence[Door]
    next_address: str = ""


def home_context(request: HttpRequest) -> dict[str, Any]:
    """What templates/admin/index.html shows above the lists of rows."""
    user = staff_of(request)
    home = get_home(user, timezone.now())
    return {
        "cards": [
            Shown(card, doors_of(card.exam_id, card.allowed), address_of(card.step.step, card.exam_id))
            for card in home.cards
        ],
        "past": [Shown(one, doors_of(one.exam_id, one.allowed)) for one in home.past],
        "may_make_exams": user.has_perm("exams.add_exam"),
    }


def doors_of(exam_id: int, allowed: Collection[str]) -> list[Door]:
    return [
        Door(name, address_of(step, exam_id)) for name, step, permission in DOORS if permission in allowed
    ]


def address_of(step: Step, exam_id: int) -> str:
    """Where a step is done in this exam."""
    name, *filters = PLACES.get(step, ("",))
    if not name:
        return ""
    if not filters:
        return reverse(name, args=[exam_id, *MORE.get(step, ())])
    return f"{reverse(name)}?{filters[0]}={exam_id}"
