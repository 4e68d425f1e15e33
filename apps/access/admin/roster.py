"""Importing a roster from the page: what it would do is shown first, and then done or not."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_POST

from apps.access.enums import RosterChange
from apps.access.forms import ConfirmRosterForm, OwnExamForm, RosterForm, pack_roster
from apps.access.rules.roster import COLUMNS
from apps.access.services.roster import RosterRefused, RosterReport, import_roster
from apps.core.errors import RuleViolation
from apps.core.guards import guarded_by
from apps.core.sheets import Table
from apps.exams.gate import staff_of
from apps.exams.models import Exam
from apps.exams.rules import roles

# Nobody reads more by eye; the counts beside them are complete.
LINES_SHOWN = 100
PROBLEMS_SHOWN = 200


@guarded_by("staff")
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file, and show what it would do. Nothing is written here."""
    form = RosterForm(
        request.POST or None, request.FILES or None, user=manager(request), initial=request.GET.dict()
    )
    if request.method != "POST" or not form.is_valid():
        return roster_page(request, form)
    wanted = form.cleaned_data
    return show(request, form, wanted["exam"], wanted["file"], wanted["time_block"])


@guarded_by("staff")
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Do what was shown: all of it or nothing."""
    form = ConfirmRosterForm(request.POST, user=manager(request))
    blank = RosterForm(user=request.user)
    if not form.is_valid():
        faults = [str(fault) for listed in form.errors.values() for fault in listed]
        return roster_page(request, blank, refusal=" ".join(faults), status=400)
    wanted = form.cleaned_data
    try:
        report = import_roster(
            exam_id=wanted["exam"].pk,
            table=wanted["roster"],
            time_block=wanted["time_block"],
            shown=wanted["shown"],
            actor=staff_of(request),
        )
    except RuleViolation as refusal:
        # What it would do now; the roster is still at hand.
        messages.error(
            request, "Nothing was written." if isinstance(refusal, RosterRefused) else str(refusal)
        )
        return show(request, blank, wanted["exam"], wanted["roster"], wanted["time_block"], status=409)
    messages.success(request, f"{wanted['exam']}: {report}")
    return redirect("admin:access_contestant_changelist")


def manager(request: HttpRequest) -> Any:
    """The user, who manages the people of some exam; of which, the forms ask."""
    if not request.user.has_perm(roles.MANAGE_PEOPLE):
        raise PermissionDenied
    return staff_of(request)


def show(
    request: HttpRequest, form: OwnExamForm, exam: Exam, table: Table, time_block: str, *, status: int = 200
) -> HttpResponse:
    """A dry run, and the button that makes it real."""
    try:
        report = import_roster(
            exam_id=exam.pk, table=table, time_block=time_block, actor=staff_of(request), dry_run=True
        )
        packed = pack_roster(table)
    except RosterRefused as refusal:
        return roster_page(request, form, problems=refusal.problems, status=status)
    except RuleViolation as refusal:
        return roster_page(request, form, refusal=str(refusal), status=status)
    carried = {"exam": exam.pk, "time_block": time_block, "roster": packed, "shown": report.fingerprint}
    confirm_form = ConfirmRosterForm(initial=carried, user=request.user)
    return roster_page(
        request, form, exam=exam, report=report, confirm_form=confirm_form, status=status, **lines_of(report)
    )


def lines_of(report: RosterReport) -> Mapping[str, Any]:
    """The rows that do something, changes first: those are what a slip in a file destroys."""
    order = [RosterChange.CHANGED, RosterChange.REGISTERED, RosterChange.NEW]
    doing = [line for kind in order for line in report.lines if line.change == kind]
    return {"lines": doing[:LINES_SHOWN], "more_lines": max(0, len(doing) - LINES_SHOWN)}


def roster_page(
    request: HttpRequest,
    form: OwnExamForm,
    *,
    problems: Sequence[Any] = (),
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    page = {
        **admin.site.each_context(request),
        "title": "Import a roster",
        "form": form,
        "columns": COLUMNS,
        "problems": problems[:PROBLEMS_SHOWN],
        "problem_count": len(problems),
        "more_problems": max(0, len(problems) - PROBLEMS_SHOWN),
        **context,
    }
    return TemplateResponse(request, "admin/access/roster.html", page, status=status)
