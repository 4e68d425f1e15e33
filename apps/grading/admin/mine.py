"""A grader's own scores."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.exams.gate import exam_for, staff_of
from apps.exams.rules import roles
from apps.grading.admin.pages import console_page
from apps.grading.forms import MyScoresForm
from apps.grading.selectors.mine import list_my_scores

ORDER_WORDS = {
    "newest": "newest first",
    "oldest": "oldest first",
    "most": "most points first",
    "fewest": "fewest points first",
}


@require_safe
def my_scores(request: HttpRequest, exam_id: int) -> HttpResponse:
    exam = exam_for(request, exam_id, roles.SCORE)
    chosen = MyScoresForm(request.GET).chosen
    page = {
        "title": "My scores",
        "exam": exam,
        "mine": list_my_scores(exam, staff_of(request).pk, **chosen),
        "chosen": chosen,
        "orders": [(order, words, query_of(chosen, order=order)) for order, words in ORDER_WORDS.items()],
        "all_query": query_of(chosen, problem_id=None, points=None),
        "page_query": query_of(chosen),
    }
    return console_page(request, "admin/grading/mine.html", page)


def query_of(chosen: dict[str, Any], **changes: Any) -> str:
    """The same choice with something changed, from the first page, as it stands in an address."""
    wanted = {**chosen, **changes}
    parts = {"problem": wanted["problem_id"], "points": wanted["points"], "order": wanted["order"]}
    return urlencode({name: value for name, value in parts.items() if value is not None})
