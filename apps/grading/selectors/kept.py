"""Everything that is kept about one contestant, as a tree that a parent can read and a program too."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from apps.access.models import AccessKey, Contestant, Registration
from apps.grading.models import Result
from apps.grading.rules import history_words
from apps.grading.selectors.exam_history.sources import event_model, told_fields
from apps.submissions.models import Answer, AnswerRevision, Receipt, Submission, TimeChange

Tree = dict[str, Any]


def get_kept(contestant: Contestant, now: datetime) -> Tree:
    """Nothing that tells of others: no name of the staff, no note of a grader, no rank of anybody else."""
    return {
        "written_at": moment(now),
        "person": person_of(contestant),
        "exams": [
            exam_of(registration)
            for registration in Registration.objects.filter(contestant=contestant)
            .select_related("exam", "time_block__exam")
            .order_by("time_block__opens_at", "pk")
        ],
        "access_keys": [
            key_of(key) for key in AccessKey.objects.filter(contestant=contestant).order_by("pk")
        ],
        "history": history_of(contestant),
    }


def person_of(contestant: Contestant) -> Tree:
    erasure = getattr(contestant, "erasure", None)
    return {
        "contest": contestant.contest.title,
        "contestant_number": contestant.public_number,
        "organisers_id": contestant.external_id,
        "name": contestant.name,
        "school": contestant.school.name if contestant.school else "",
        "team": contestant.team,
        "division": contestant.division,
        "grade": contestant.grade,
        "room": contestant.room,
        "name_may_be_published": contestant.may_publish_name,
        **({"erased_at": moment(erasure.erased_at)} if erasure else {}),
    }


def exam_of(registration: Registration) -> Tree:
    block = registration.time_block
    paper = Submission.objects.filter(registration=registration).first()
    return {
        "exam": registration.exam.title,
        "time_block": block.name,
        "opens_at": moment(block.opens_at),
        "closes_at": moment(block.closes_at),
        "extra_minutes": registration.extra_minutes,
        "time_factor": str(registration.time_factor),
        "practice_only": registration.tester,
        "disqualified_because": registration.disqualification,
        "deadline_moves": [
            {
                "from": moment(move.deadline_before),
                "to": moment(move.deadline_after),
                "reason": move.reason,
                "at": moment(move.changed_at),
            }
            for move in TimeChange.objects.filter(registration=registration).order_by("changed_at")
        ],
        "paper": paper_of(paper) if paper else None,
        "published_results": [result_of(result) for result in published(registration)],
    }


def paper_of(paper: Submission) -> Tree:
    revisions: dict[int, list[Tree]] = {}
    for revision in AnswerRevision.objects.filter(submission=paper).order_by("pk"):
        revisions.setdefault(revision.answer_id, []).append(
            {
                "received_at": moment(revision.received_at),
                "state": revision.state,
                "device": str(revision.device or ""),
                "text": revision.text,
            }
        )
    return {
        "started_at": moment(paper.started_at),
        "deadline_at": moment(paper.deadline_at),
        "submitted_at": moment(paper.submitted_at),
        "closed_by": paper.submitted_by,
        "reopened_at": moment(paper.reopened_at),
        "answers": [
            {
                "problem": answer.number,
                "text": answer.text,
                "everything_that_arrived": revisions.get(answer.pk, []),
            }
            for answer in Answer.objects.filter(submission=paper).order_by("number")
        ],
        "receipts": [
            {
                "number": receipt.pk,
                "code": receipt.code,
                "body": receipt.body,
                "digest": receipt.digest,
                "signature": receipt.signature,
            }
            for receipt in Receipt.objects.filter(submission=paper).order_by("pk")
        ],
    }


def published(registration: Registration) -> Iterable[Result]:
    """The lines of publications that stand: what was withdrawn is no result."""
    results = Result.objects.filter(registration=registration, publication__withdrawn_at=None)
    return results.select_related("publication").order_by("publication__number")


def result_of(result: Result) -> Tree:
    return {
        "published_at": moment(result.publication.published_at),
        "standing": result.status,
        "rank": result.rank,
        "total": None if result.total is None else str(result.total),
        "problems": [
            {name: part[name] for name in ("number", "points", "max_points", "answer", "comment")}
            for part in result.problems
        ],
    }


def key_of(key: AccessKey) -> Tree:
    """Neither the key nor its digest: with the one, others could enter; the other says nothing."""
    return {
        "first_group": key.hint,
        "state": str(key.state.label),
        "issued_at": moment(key.issued_at),
        "first_used_at": moment(key.redeemed_at),
        "revoked_at": moment(key.revoked_at),
        "revoked_because": key.revoked_reason,
    }


def history_of(contestant: Contestant) -> list[Tree]:
    """Each change of what is known of the person, how they sit and their keys, the oldest first."""
    sources = (
        ("contestant", {"pgh_obj_id": contestant.pk}),
        ("registration", {"contestant_id": contestant.pk}),
        ("key", {"contestant_id": contestant.pk}),
    )
    events = [
        {
            "at": moment(event.pgh_created_at),
            "what": f"{kind} {history_words.LABELS[event.pgh_label]}",
            "values": {field.name: plain(getattr(event, field.attname)) for field in told_fields(kind)},
            "act": history_words.act_in_words(metadata_of(event).get("act", "")),
            "reason": metadata_of(event).get("reason", ""),
        }
        for kind, of in sources
        for event in event_model(kind).objects.filter(**of).select_related("pgh_context").order_by("pgh_id")
    ]
    return sorted(events, key=lambda event: event["at"])


def metadata_of(event: Any) -> Tree:
    return event.pgh_context.metadata if event.pgh_context else {}


def plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int) else str(value)


def moment(at: datetime | None) -> str:
    return "" if at is None else at.isoformat(timespec="seconds")
