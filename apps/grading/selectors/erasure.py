"""What erasing one contestant would take, counted, before anybody says yes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from apps.access.models import AccessKey, Contestant, Registration
from apps.grading.models import Result, Score
from apps.grading.selectors.exam_history.sources import event_model
from apps.submissions.models import AnswerRevision, Receipt, Submission, TimeChange


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """`goes` names each kind of data and how many rows hold it; `exams` are all that the contestant sits."""

    number: str
    exams: Sequence[str]
    goes: Sequence[tuple[str, int]]
    still_writing: bool
    erased_at: datetime | None


def get_erasure_plan(contestant: Contestant, now: datetime) -> ErasurePlan:
    registrations = Registration.objects.filter(contestant=contestant)
    papers = Submission.objects.filter(registration__in=registrations)
    personal = (contestant.name, contestant.external_id, contestant.school_id, contestant.team)
    more = (contestant.division, contestant.grade, contestant.room)
    scores = Score.objects.filter(task__answer__submission__in=papers).exclude(Q(comment="") & Q(note=""))
    record = getattr(contestant, "erasure", None)
    return ErasurePlan(
        number=contestant.public_number,
        exams=list(registrations.order_by("exam__title").values_list("exam__title", flat=True)),
        goes=[
            ("facts about the person (name, school, …)", sum(bool(fact) for fact in personal + more)),
            ("access keys", AccessKey.objects.filter(contestant=contestant).count()),
            ("papers' times and devices", papers.count()),
            (
                "texts of answers, with every revision",
                AnswerRevision.objects.filter(submission__in=papers).count(),
            ),
            ("receipts", Receipt.objects.filter(submission__in=papers).count()),
            (
                "moves of a deadline, with their reasons",
                TimeChange.objects.filter(registration__in=registrations).count(),
            ),
            ("graders' comments and notes", scores.count()),
            (
                "name and texts in published results",
                Result.objects.filter(registration__in=registrations).count(),
            ),
            ("entries of the history", count_events(contestant)),
        ],
        still_writing=papers.accepting_at(now).exists(),
        erased_at=record.erased_at if record else None,
    )


def count_events(contestant: Contestant) -> int:
    of = {"contestant_id": contestant.pk}
    sources = (("contestant", {"pgh_obj_id": contestant.pk}), ("registration", of), ("key", of))
    return sum(event_model(kind).objects.filter(**whose).count() for kind, whose in sources)
