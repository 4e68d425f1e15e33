"""Emergency files: the page on which whoever watches the sitting brings in what had no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.utils import timezone

from apps.core.counting import counted
from apps.core.errors import RuleViolation
from apps.submissions.forms import EmergencyForm
from apps.submissions.gate import pass_of
from apps.submissions.rules import emergency
from apps.submissions.services.bringing_in import bring_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from apps.exams.admin.scoped import ScopedAdmin
    from apps.submissions.models import Submission


class NotYourPaper(RuleViolation):
    message = "None of your exams has this paper."
    code = "not_your_paper"


@dataclass(frozen=True)
class Outcome:
    """What became of one file. `paper` is None where it could not be told or is nobody's business here."""

    file: str
    words: str
    paper: Submission | None = None
    is_refused: bool = False


def page(admin: ScopedAdmin[Submission], request: HttpRequest) -> HttpResponse:
    """Take the files and say what became of each: one that is refused keeps no other from coming in."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    form = EmergencyForm(request.POST, request.FILES) if request.method == "POST" else EmergencyForm()
    files = form.cleaned_data["sealed"] if form.is_valid() else []
    context = {
        **admin.admin_site.each_context(request),
        "title": "Bring in emergency files",
        "opts": admin.opts,
        "form": form,
        "outcomes": [outcome_of(admin, request, file) for file in files],
    }
    return TemplateResponse(request, "admin/submissions/emergency.html", context)


def outcome_of(admin: ScopedAdmin[Submission], request: HttpRequest, file: Any) -> Outcome:
    paper = None
    try:
        sealed = emergency.read_file(file.read(emergency.LARGEST_FILE + 1))
        papers = admin.get_queryset(request).select_related("registration__contestant")
        paper = papers.filter(public_id=sealed.submission).first()
        if paper is None:
            raise NotYourPaper
        kept = take(paper, sealed)
    except RuleViolation as refusal:
        return Outcome(file.name, str(refusal), paper, is_refused=True)
    if not kept:
        return Outcome(file.name, "Nothing new: all of it is here already.", paper)
    words = f"{counted(kept, 'text')} kept apart."
    admin.log_change(request, paper, f"Emergency file brought in: {words}")
    return Outcome(file.name, words, paper)


def take(paper: Submission, sealed: emergency.SealedFile) -> int:
    contents = emergency.unseal(sealed, bytes(paper.journal_key))
    save_pass = pass_of(contents.token)
    if save_pass is None or save_pass.submission_id != paper.pk:
        raise emergency.DamagedFile
    return bring_in(paper=paper, save_pass=save_pass, batches=contents.batches, now=timezone.now())
