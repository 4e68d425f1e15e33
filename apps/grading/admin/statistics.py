"""Results looked at more closely: how the problems did, and what changed between publications."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.exams.gate import exam_for
from apps.exams.rules import roles
from apps.grading.admin.pages import console_page
from apps.grading.forms import CompareForm
from apps.grading.models import Publication
from apps.grading.rules.distribution import Bin, Spread
from apps.grading.selectors.analysis import get_statistics
from apps.grading.selectors.versions import compare_versions

# The drawing's own units: a column is so wide, of which so much is bar; the tallest is so high.
COLUMN, BAR, HEIGHT = 10, 8, 100


@dataclass(frozen=True, slots=True)
class Column:
    """A bin with the place of its bar in the drawing."""

    bin: Bin
    x: int
    y: int
    height: int


@require_safe
def statistics(request: HttpRequest, exam_id: int) -> HttpResponse:
    """Of what contestants see; with `draft`, or while nothing is published, of the scores as they stand."""
    exam = exam_for(request, exam_id, roles.PUBLISH)
    standing = Publication.objects.filter(exam=exam).standing().first()
    publication = None if "draft" in request.GET else standing
    found = get_statistics(exam.pk, publication)
    context = {
        "title": f"Statistics: {exam.title}",
        "exam": exam,
        "publication": publication,
        "standing": standing,
        "statistics": found,
        "columns": columns_of(found.spread) if found.spread else [],
        "width": COLUMN * len(found.spread.bins) if found.spread else 0,
        "height": HEIGHT,
        "bar": BAR,
    }
    return console_page(request, "admin/grading/statistics.html", context)


def columns_of(spread: Spread) -> Sequence[Column]:
    heights = [-(-HEIGHT * one.count // spread.tallest) for one in spread.bins]
    return [
        Column(bin=one, x=COLUMN * place + (COLUMN - BAR) // 2, y=HEIGHT - height, height=height)
        for place, (one, height) in enumerate(zip(spread.bins, heights, strict=True))
    ]


@require_safe
def changes(request: HttpRequest, exam_id: int) -> HttpResponse:
    """What changed from one publication to another, or would if the scores of now were published."""
    exam = exam_for(request, exam_id, roles.PUBLISH)
    publications = {one.number: one for one in Publication.objects.filter(exam=exam).order_by("number")}
    context: dict[str, Any] = {"title": f"Changes: {exam.title}", "exam": exam}
    if publications:
        form = CompareForm(request.GET or None, numbers=list(publications))
        before, after = form.chosen
        context |= {
            "form": form,
            "before": before,
            "after": after,
            "comparison": compare_versions(exam.pk, publications.get(before), publications.get(after)),
        }
    return console_page(request, "admin/grading/changes.html", context)
