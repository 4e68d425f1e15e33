"""The page a contestant writes on, and the form it is without scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.access.gate import ContestantRequest, contestant_reading, contestant_required
from apps.core import guards
from apps.exams.enums import Phase
from apps.submissions import gate
from apps.submissions.forms import read_paper_form
from apps.submissions.rules.batch import Batch, InvalidBatch
from apps.submissions.selectors.paper import Paper, get_paper, paper_of
from apps.submissions.services import saving
from apps.submissions.services.opening import Opening, open_paper
from apps.submissions.services.saving import SavePass
from apps.submissions.views import paper_page


@guards.guarded_by("contestant")
@require_http_methods(["GET", "HEAD", "POST"])
def paper(request: HttpRequest) -> HttpResponseBase:
    """The paper. Opening it makes this page the writer; posting it is the way to save without scripts."""
    return save_paper(request) if request.method == "POST" else show_paper(request)


@contestant_reading(open_paper)
def show_paper(request: ContestantRequest, opening: Opening) -> HttpResponse:
    """The check of the contestant, the pen and the answers are one statement."""
    return show_opening(request, opening, unsaved={})


@contestant_required
def save_paper(request: ContestantRequest) -> HttpResponse:
    shown = own_paper(request)
    return redirect("submissions:cover") if shown is None else save_form(request, shown)


def own_paper(request: ContestantRequest) -> Paper | None:
    if request.contestant.registration_id is None:
        return None
    return get_paper(registration_id=request.contestant.registration_id, now=timezone.now())


def show_opening(
    request: ContestantRequest, opening: Opening, *, unsaved: Mapping[int, str], status: int = 200
) -> HttpResponse:
    """The page gets a device of its own: two tabs are two devices, and the newest writes.

    `unsaved` are texts that the form brought while the answers had changed elsewhere, by problem number.
    """
    if opening.own is None:
        return redirect("submissions:cover")
    shown = paper_of(opening.own, now=timezone.now())
    if shown.phase == Phase.CLOSED:
        return redirect("submissions:receipt")
    save_pass = replace(save_pass_of(request, shown), page=opening.page)
    opened = paper_page.Opened(shown, opening.page, gate.issue_save_token(save_pass), unsaved)
    return paper_page.show(request, opened, status=status)


def save_pass_of(request: ContestantRequest, shown: Paper) -> SavePass:
    return SavePass(
        submission_id=shown.pk,
        key_id=request.contestant.key_id,
        epoch=request.contestant.epoch,
        paper_version=shown.paper_version,
    )


def save_form(request: ContestantRequest, shown: Paper) -> HttpResponse:
    """Save what a page without scripts posted, by the same service as every other save."""
    watch = gate.Watch()
    try:
        batches = read_paper_form(request.POST, shown)
        saves = [saving.save_batch(save_pass=save_pass_of(request, shown), batch=batch) for batch in batches]
    except InvalidBatch as refusal:
        page = render(request, "submissions/not_saved.html", {"faults": refusal.faults}, status=422)
        return watch.not_kept(page, "refused")
    except saving.DatabaseBusy as refusal:
        page = render(request, "submissions/not_saved.html", {"refusal": refusal}, status=503)
        return watch.not_kept(page, "busy")
    except saving.SignedOut:
        return watch.not_kept(redirect("access:entry"), "signed_out")
    page = after_saving(request, shown, batches, saves)
    return watch.kept(page, paper_id=shown.pk, saves=saves, batches=batches) if saves else page


def after_saving(
    request: ContestantRequest, shown: Paper, batches: Sequence[Batch], saves: Sequence[saving.Saved]
) -> HttpResponse:
    """Back to the paper, or both texts where an answer had changed elsewhere meanwhile."""
    if saves and not saves[-1].is_open:
        return render(request, "submissions/paper_closed.html", {"late": True}, status=403)
    typed = {edit.number: edit.text for batch in batches for edit in batch.edits}
    in_conflict = {edit.number for saved in saves for edit in saved.edits if edit.state == "conflict"}
    if not in_conflict:
        saved_at = saves[-1].now if saves else shown.now
        messages.success(request, f"All saved {saved_at.astimezone(ZoneInfo(shown.zone)):%H:%M:%S}")
        return redirect("submissions:paper")
    return show_both(request, unsaved={number: typed[number] for number in in_conflict})


def show_both(request: ContestantRequest, *, unsaved: Mapping[int, str]) -> HttpResponse:
    """These answers changed elsewhere meanwhile: the page, opened anew, shows both texts. Both are kept."""
    contestant = request.contestant
    opening = open_paper(
        key_id=contestant.key_id, epoch=contestant.epoch, registration_id=contestant.registration_id or 0
    )
    if opening is None:
        return redirect("access:entry")
    return show_opening(request, opening, unsaved=unsaved, status=409)
