"""What every keystroke arrives with (CONTRACT, "Saving"), whether by the page or by the API."""

import json
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse, UnreadablePostError

from apps.core.problems import problem
from apps.exams.enums import Phase
from apps.submissions import metrics
from apps.submissions.gate.watching import Watch
from apps.submissions.rules.batch import Batch, Fault, InvalidBatch, read_batch
from apps.submissions.services import saving
from apps.submissions.services.saving import DatabaseBusy, Saved, SavePass, SignedOut

RETRY_SECONDS = 2


def save_as(save_pass: SavePass, request: HttpRequest) -> JsonResponse:
    """Keep the request's batch of edits; an empty one is a heartbeat. "Saved" is said after COMMIT only."""
    watch = Watch()
    try:
        batch = read_batch(read_json(request))
        saved = saving.save_batch(save_pass=save_pass, batch=batch)
    except InvalidBatch as refusal:
        return watch.not_kept(invalid(refusal), "refused")
    except SignedOut:
        return signed_out()
    except DatabaseBusy as refusal:
        response = problem(503, refusal.code, str(refusal))
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        return watch.not_kept(response, "busy")
    except Exception:
        metrics.OUTCOMES["failed"].inc()
        raise
    response = answer(saved, batch)
    return watch.kept(response, paper_id=save_pass.submission_id, saves=[saved], batches=[batch])


def signed_out() -> JsonResponse:
    return Watch().not_kept(problem(401, SignedOut.code, SignedOut.message), "signed_out")


def read_json(request: HttpRequest) -> Any:
    """The decoded body; what cannot be decoded is an invalid batch."""
    try:
        return json.loads(request.body)
    except RequestDataTooBig:
        message = "The body is too large."
    except UnreadablePostError:
        message = "The body did not come whole."
    except (ValueError, RecursionError):
        message = "The body is not JSON in UTF-8."
    raise InvalidBatch([Fault(None, "", message)])


def answer(saved: Saved, batch: Batch) -> JsonResponse:
    """What was committed. A closed paper is told so by its status, with the same members."""
    members = {
        "now": in_utc(saved.now),
        "deadline": in_utc(saved.deadline_at),
        "phase": phase_of(saved),
        "notices": saved.notices,
        "writer": saved.is_writer,
        "edits": [
            {
                "op": str(edit.op),
                "number": edit.number,
                "state": edit.state,
                "revision": edit.revision,
                "head": edit.head,
                "replayed": edit.replayed,
                **({} if edit.head_text is None else {"head_text": edit.head_text}),
            }
            for edit in saved.edits
        ],
    }
    if batch.edits and not saved.is_open:
        message = "This paper is closed. What arrived late is kept apart for the jury."
        return problem(403, "paper_closed", message, members)
    # Nothing here needs Django's encoder, which is Python where the plain one is C.
    return JsonResponse(members, encoder=json.JSONEncoder)


def in_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def phase_of(saved: Saved) -> Phase:
    if not saved.is_open:
        return Phase.CLOSED
    return Phase.OPEN if saved.now <= saved.deadline_at else Phase.CLOSING


def invalid(refusal: InvalidBatch) -> JsonResponse:
    errors = [
        {"index": fault.index, "field": fault.field, "message": fault.message} for fault in refusal.faults
    ]
    return problem(400, "invalid_batch", str(refusal), {"errors": errors})
