"""A statement while it is written, and what it was before."""

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import URLPattern

from apps.core.guards import guarded_by
from apps.exams.admin.base import OfExamAdmin, exam_or_404
from apps.exams.forms.written import WrittenProblemForm
from apps.exams.models import Problem
from apps.exams.rules import roles
from apps.exams.selectors.statements import Version, Versions, compare, get_versions
from apps.exams.services.previewing import preview_problem

if TYPE_CHECKING:
    Base = OfExamAdmin[Problem]
else:
    Base = object


class StatementPages(Base):
    """Pages that the admin of problems has besides Django's."""

    def statement_pages(self) -> list[URLPattern]:
        return [
            self.page("live/<int:exam_id>/", self.live_view, "exams_problem_live"),
            self.page("<int:problem_id>/versions/", self.versions_view, "exams_problem_versions"),
        ]

    @guarded_by("staff")
    def live_view(self, request: HttpRequest, exam_id: int) -> HttpResponse:
        """What stands in the fields, as a contestant would see it; writes nothing."""
        exam = exam_or_404(request, exam_id, roles.EDIT)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        shown = preview_problem(exam_id=exam.pk, written=WrittenProblemForm(request.POST).written())
        return JsonResponse(
            {
                "problem": render_to_string("admin/exams/problem/_shown.html", {"live": shown}),
                "solution": shown.solution_html,
                "slips": [
                    {"field": slip.field, "message": slip.message, "line": slip.line} for slip in shown.slips
                ],
            }
        )

    @guarded_by("staff")
    def versions_view(self, request: HttpRequest, problem_id: int) -> HttpResponse:
        """Who changed the statement when, and what changed between any two versions."""
        problem = get_object_or_404(Problem.objects.visible_to(request.user), pk=problem_id)
        if not request.user.has_perm(roles.READ, problem.exam):
            raise PermissionDenied
        versions = get_versions(problem.pk)
        before, after = _chosen(request, versions)
        context = {
            "title": f"Versions of problem {versions.number}",
            "versions": versions,
            "before": before,
            "after": after,
            "changes": compare(before, after) if before and after else (),
        }
        return self.show(request, "admin/exams/problem/versions.html", context)


def _chosen(request: HttpRequest, versions: Versions) -> tuple[Version | None, Version | None]:
    """The two versions asked for, older first; without a wish the newest and the one before it."""
    by_number = {str(row.version): row for row in versions.rows}
    newest = versions.rows[0] if versions.rows else None
    previous = versions.rows[1] if len(versions.rows) > 1 else newest
    before = by_number.get(request.GET.get("before", ""), previous)
    after = by_number.get(request.GET.get("after", ""), newest)
    if before and after and before.version > after.version:
        before, after = after, before
    return before, after
