"""What was kept apart of a paper, and the page on which an organiser lets a text count."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from apps.core.errors import RuleViolation
from apps.core.textdiff import diff_words
from apps.exams.admin.scoped import ScopedAdmin
from apps.exams.gate import staff_of
from apps.exams.rules import roles
from apps.submissions.forms import AcceptForm
from apps.submissions.models import AnswerRevision, Submission
from apps.submissions.selectors.kept import KeptText, list_kept
from apps.submissions.selectors.times import told
from apps.submissions.services.accepting import accept_revision


def section(paper: Submission, request: HttpRequest) -> dict[str, Any]:
    """The part of a paper's page that lists what arrived and does not count."""
    return {
        "kept": list_kept(paper),
        "may_accept": request.user.has_perm(roles.MANAGE_PEOPLE, paper.registration.exam),
    }


def accept(admin: ScopedAdmin[Submission], request: HttpRequest, revision_id: int) -> HttpResponse:
    """Ask why; then let this text count. Proctors see what was kept apart, organisers decide on it."""
    revision = AnswerRevision.objects.select_related("answer").filter(pk=revision_id).first()
    papers = admin.get_queryset(request).select_related(
        "registration__exam", "registration__time_block", "registration__contestant"
    )
    paper = papers.filter(pk=revision.submission_id).first() if revision else None
    if revision is None or paper is None:
        raise Http404
    if not request.user.has_perm(roles.MANAGE_PEOPLE, paper.registration.exam):
        raise PermissionDenied
    form = AcceptForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            accept_revision(
                revision_id=revision.pk,
                reason=form.cleaned_data["reason"],
                actor=staff_of(request),
                now=timezone.now(),
            )
        except RuleViolation as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"This text is now the answer to problem {revision.number}.")
        return redirect("admin:submissions_submission_change", paper.pk)
    context = {
        **admin.admin_site.each_context(request),
        "title": f"Let a text count: problem {revision.number}",
        "paper": paper,
        "form": form,
        "text": KeptText.of(revision, told(paper, revision.received_at)),
        "pieces": diff_words(revision.answer.text, revision.text),
    }
    return TemplateResponse(request, "admin/submissions/accept.html", context)
