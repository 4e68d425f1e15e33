"""Results in the console: what is missing, publish, withdraw, export."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.core.errors import RuleViolation
from apps.exams.admin.scoped import ScopedAdmin
from apps.exams.gate import exam_for, recently_confirmed, staff_of
from apps.exams.models import Exam
from apps.exams.rules import roles
from apps.grading.admin.pages import console_page
from apps.grading.admin.statistics import changes, statistics
from apps.grading.forms import PublishForm, WithdrawForm
from apps.grading.models import Publication
from apps.grading.selectors.backlog import answers_without_task
from apps.grading.selectors.readiness import count_who_could_still_start, list_missing
from apps.grading.selectors.tally import list_tally
from apps.grading.selectors.versions import compare_with_tally
from apps.grading.services import exporting, publishing, queueing

ROWS_SHOWN = 20


@require_safe
def results_of_all(request: HttpRequest) -> HttpResponse:
    """The exams whose results one may publish; straight to the page if it is only one."""
    if not request.user.has_perm(roles.PUBLISH):
        raise PermissionDenied
    exams = list(Exam.objects.visible_to(staff_of(request), roles.PUBLISH))
    if len(exams) == 1:
        return redirect("admin:grading_results", exams[0].pk)
    context = {
        "title": "Results",
        "exams": exams,
        "page": "admin:grading_results",
        "none_yet": "No exam has you among its organisers yet.",
    }
    return console_page(request, "admin/grading/exams.html", context)


@require_safe
def results(request: HttpRequest, exam_id: int) -> HttpResponse:
    return results_page(request, exam_for(request, exam_id, roles.PUBLISH), WithdrawForm())


def results_page(
    request: HttpRequest, exam: Exam, withdraw: WithdrawForm, *, status: int = 200
) -> HttpResponse:
    publications = list(
        Publication.objects.filter(exam=exam)
        .select_related("published_by", "withdrawn_by")
        .order_by("-number")
    )
    standing = next((one for one in publications if one.withdrawn_at is None), None)
    tally = list_tally(exam.pk)
    now = timezone.now()
    context = {
        "title": f"Results: {exam.title}",
        "exam": exam,
        "missing": list_missing(exam, now),
        "unqueued": answers_without_task(exam.pk, now).count(),
        "not_started": count_who_could_still_start(exam, now),
        "publications": publications,
        "standing": standing,
        "would_change": compare_with_tally(standing, tally) if standing else None,
        "publish_form": PublishForm(initial={"newest_seen": publications[0].number if publications else 0}),
        "withdraw_form": withdraw,
        "rows": tally[:ROWS_SHOWN],
        "more_count": max(0, len(tally) - ROWS_SHOWN),
        "numbers": [part["number"] for part in tally[0].problems] if tally else [],
    }
    return console_page(request, "admin/grading/results.html", context, status=status)


@require_POST
def publish(request: HttpRequest, exam_id: int) -> HttpResponse:
    return publish_in(request, exam_for(request, exam_id, roles.PUBLISH))


@recently_confirmed("publish the results")
def publish_in(request: HttpRequest, exam: Exam) -> HttpResponse:
    form = PublishForm(request.POST)
    try:
        publication = publishing.publish_results(
            exam_id=exam.pk,
            actor=staff_of(request),
            now=timezone.now(),
            # Without what was seen nothing is sure about what the press meant; -1 is never the newest.
            newest_seen=form.cleaned_data["newest_seen"] if form.is_valid() else -1,
        )
    except RuleViolation as refusal:
        messages.error(request, str(refusal))
        return results_page(request, exam, WithdrawForm(), status=409)
    messages.success(request, f"Publication {publication.number} is out: contestants see their results now.")
    return redirect("admin:grading_results", exam.pk)


@require_POST
def withdraw(request: HttpRequest, exam_id: int) -> HttpResponse:
    return withdraw_in(request, exam_for(request, exam_id, roles.PUBLISH))


@recently_confirmed("withdraw the results")
def withdraw_in(request: HttpRequest, exam: Exam) -> HttpResponse:
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        return results_page(request, exam, form, status=400)
    try:
        publishing.withdraw_results(
            exam_id=exam.pk,
            actor=staff_of(request),
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
    except RuleViolation as refusal:
        messages.error(request, str(refusal))
        return results_page(request, exam, form, status=409)
    messages.success(request, "The results are withdrawn: contestants no longer see them.")
    return redirect("admin:grading_results", exam.pk)


@require_POST
def queue_answers(request: HttpRequest, exam_id: int) -> HttpResponse:
    """Graders fill the queue as they go; whoever waits for the results need not wait for that."""
    exam = exam_for(request, exam_id, roles.PUBLISH)
    count = queueing.create_grading_tasks(exam_id=exam.pk, now=timezone.now())
    messages.success(request, ngettext("%d answer was queued.", "%d answers were queued.", count) % count)
    return redirect("admin:grading_results", exam.pk)


@require_safe
def export(request: HttpRequest, exam_id: int, extension: str) -> HttpResponse:
    exam = exam_for(request, exam_id, roles.PUBLISH)
    draft = "draft" in request.GET
    try:
        content = exporting.export_results(exam=exam, extension=extension, draft=draft)
    except RuleViolation as refusal:
        raise Http404 from refusal
    response = HttpResponse(content, content_type="application/octet-stream")
    name = f"{exam.slug}-results{'-draft' if draft else ''}.{extension}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@admin.register(Publication)
class PublicationAdmin(ScopedAdmin[Publication]):
    """What was published and withdrawn, read only; the results page does both."""

    view_permission = roles.PUBLISH
    list_display = ("exam_link", "number", "published_at", "published_by", "withdrawn_at", "withdrawn_reason")
    list_display_links = None
    list_select_related = ("exam", "published_by")
    actions = None

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path("results/", self.admin_site.admin_view(results_of_all), name="grading_results_list"),
            path("results/<int:exam_id>/", self.admin_site.admin_view(results), name="grading_results"),
            path(
                "results/<int:exam_id>/statistics/",
                self.admin_site.admin_view(statistics),
                name="grading_statistics",
            ),
            path(
                "results/<int:exam_id>/changes/", self.admin_site.admin_view(changes), name="grading_changes"
            ),
            path(
                "results/<int:exam_id>/queue/",
                self.admin_site.admin_view(queue_answers),
                name="grading_queue_for_results",
            ),
            path(
                "results/<int:exam_id>/publish/", self.admin_site.admin_view(publish), name="grading_publish"
            ),
            path(
                "results/<int:exam_id>/withdraw/",
                self.admin_site.admin_view(withdraw),
                name="grading_withdraw",
            ),
            path(
                "results/<int:exam_id>/export.<str:extension>",
                self.admin_site.admin_view(export),
                name="grading_export",
            ),
        ]
        return [*pages, *super().get_urls()]

    @admin.display(description="exam", ordering="exam__title")
    def exam_link(self, publication: Publication) -> str:
        page = reverse("admin:grading_results", args=[publication.exam_id])
        return format_html('<a href="{}">{}</a>', page, publication.exam.title)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Publications", **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """There is one page for an exam's publications: its results page."""
        publication = self.get_object(request, object_id)
        return redirect("admin:grading_results", publication.exam_id)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self.change_view(request, object_id)
