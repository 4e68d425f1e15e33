"""Results, for those who sat the exam and, where the exam says so, for everybody."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.access.gate import ContestantRequest, contestant_required
from apps.core.guards import public
from apps.grading.selectors.results import get_result, get_result_list


@contestant_required
@require_safe
def result(request: ContestantRequest) -> HttpResponse:
    """The contestant's own result; before publication and after a withdrawal a page that says so."""
    who = request.contestant
    found = None
    if who.exam_id is not None and who.registration_id is not None:
        found = get_result(who.exam_id, who.registration_id)
    template = "grading/result.html" if found else "grading/result_soon.html"
    return render(request, template, {"result": found, "contestant": who})


@contestant_required
@require_safe
def result_list(request: ContestantRequest) -> HttpResponse:
    """Everybody's place, where the exam shows it to those who sat it."""
    return list_page(request, request.contestant.exam_slug or "", for_all=False)


@public
@require_safe
def result_list_public(request: HttpRequest, exam_slug: str) -> HttpResponse:
    """The same list without a key, where the exam makes it public."""
    return list_page(request, exam_slug, for_all=True)


def list_page(request: HttpRequest, exam_slug: str, *, for_all: bool) -> HttpResponse:
    found = get_result_list(exam_slug, public=for_all)
    if found is None:
        # Not published, not shown or not there: alike.
        raise Http404
    return render(request, "grading/result_list.html", {"list": found, "for_all": for_all})
