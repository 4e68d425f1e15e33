"""The page a contestant writes on, and the form it is without scripts."""

import uuid
from dataclasses import replace
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.access.gate import ContestantRequest, contestant_required
from apps.exams.enums import Phase
from apps.submissions import gate
from apps.submissions.forms import read_paper_form
from apps.submissions.rules.batch import InvalidBatch
from apps.submissions.selectors.paper import Paper, get_paper
from apps.submissions.services import saving, starting
from apps.submissions.services.saving import SavePass


@contestant_required
@require_http_methods(["GET", "HEAD", "POST"])
def paper(request: ContestantRequest) -> HttpResponse:
    """The paper. Opening it makes this page the writer; posting it is the way to save without scripts."""
    if request.method != "POST":
        return show_paper(request, unsaved={})
    shown = own_paper(request)
    return redirect("submissions:cover") if shown is None else save_form(request, shown)


def own_paper(request: ContestantRequest) -> Paper | None:
    if request.contestant.registration_id is None:
        return None
    return get_paper(registration_id=request.contestant.registration_id, now=timezone.now())


def show_paper(request: ContestantRequest, *, unsaved: dict[int, str], status: int = 200) -> HttpResponse:
    """The page gets a device of its own: two tabs are two devices, and the newest writes.

    It takes the pen before it reads: what an earlier page saves in between would be missing on this one.
    `unsaved` are texts that the form brought while the answers had changed elsewhere, by problem number.
    """
    device = uuid.uuid4()
    if request.contestant.registration_id is not None:
        starting.take_pen(registration_id=request.contestant.registration_id, device=device)
    shown = own_paper(request)
    if shown is None:
        return redirect("submissions:cover")
    if shown.phase == Phase.CLOSED:
        return redirect("submissions:receipt")
    opened = replace(
        shown,
        problems=tuple(
            replace(problem, unsaved_text=unsaved.get(problem.number)) for problem in shown.problems
        ),
        device=str(device),
        save_token=gate.issue_save_token(replace(save_pass_of(request, shown), page=device)),
        save_url=reverse("submissions:save"),
    )
    return render(request, "submissions/paper.html", {"paper": opened}, status=status)


def save_pass_of(request: ContestantRequest, shown: Paper) -> SavePass:
    return SavePass(
        submission_id=shown.pk,
        key_id=request.contestant.key_id,
        epoch=request.contestant.epoch,
        paper_version=shown.paper_version,
    )


def save_form(request: ContestantRequest, shown: Paper) -> HttpResponse:
    """Save what a page without scripts posted, by the same service as every other save."""
    try:
        batches = read_paper_form(request.POST, shown)
        saves = [saving.save_batch(save_pass=save_pass_of(request, shown), batch=batch) for batch in batches]
    except InvalidBatch as refusal:
        return render(request, "submissions/not_saved.html", {"faults": refusal.faults}, status=422)
    except saving.DatabaseBusy as refusal:
        return render(request, "submissions/not_saved.html", {"refusal": refusal}, status=503)
    except saving.SignedOut:
        return redirect("access:entry")
    if saves and not saves[-1].is_open:
        return render(request, "submissions/paper_closed.html", {"late": True}, status=403)
    typed = {edit.number: edit.text for batch in batches for edit in batch.edits}
    in_conflict = {edit.number for saved in saves for edit in saved.edits if edit.state == "conflict"}
    if not in_conflict:
        saved_at = saves[-1].now if saves else shown.now
        messages.success(request, f"All saved {saved_at.astimezone(ZoneInfo(shown.zone)):%H:%M:%S}")
        return redirect("submissions:paper")
    # The answer changed elsewhere meanwhile: the page shows both texts, and both are kept.
    return show_paper(request, unsaved={number: typed[number] for number in in_conflict}, status=409)
