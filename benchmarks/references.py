"""What our figures stand beside: a page that says hello, and saving as one would write it first."""

import json

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.exams.models import Problem
from apps.submissions.enums import RevisionState
from apps.submissions.models import Answer, AnswerRevision, Submission


def hello(request: HttpRequest) -> HttpResponse:
    # With its length: without middleware nobody adds it, and gunicorn would send the body in chunks.
    return HttpResponse("hello\n", content_type="text/plain", headers={"Content-Length": "6"})


@login_required
@require_POST
def naive_save(request: HttpRequest, submission_id: int) -> JsonResponse:
    """Session, user, the rows one by one: right for one contestant, without locks and without replay."""
    brought = json.loads(request.body)
    paper = Submission.objects.select_related("registration__exam").get(pk=submission_id)
    now = timezone.now()  # noqa: TID251 - the edge, and all there is
    if paper.submitted_at is not None or now > paper.deadline_at:
        return JsonResponse({"error": "closed"}, status=403)
    kept = []
    for edit in brought["edits"]:
        with transaction.atomic():
            problem = Problem.objects.get(exam=paper.registration.exam_id, number=edit["number"])
            answer, _ = Answer.objects.update_or_create(
                submission=paper,
                problem=problem,
                defaults={
                    "number": edit["number"],
                    "text": edit["text"],
                    "revision": edit["based_on"] + 1,
                },
            )
            AnswerRevision.objects.create(
                submission=paper,
                answer=answer,
                op=edit["op"],
                number=edit["number"],
                text=edit["text"],
                based_on=edit["based_on"],
                revision=answer.revision,
                state=RevisionState.CURRENT,
                paper_version=1,
                received_at=now,
            )
        kept.append({"number": answer.number, "revision": answer.revision})
    return JsonResponse({"now": now, "edits": kept})


urlpatterns = [
    path("", include("examgrader.urls")),
    path("benchmark/hello/", hello),
    path("benchmark/naive-save/<int:submission_id>/", naive_save),
]
