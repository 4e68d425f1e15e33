"""All routes of the API, version 1 (docs/api.md; the schema is made from them)."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from apps.access import api as access
from apps.core.guards import public
from apps.exams import api as exams
from apps.grading import api as grading
from apps.submissions import api as submissions

app_name = "api"
EXAM = "exams/<int:exam_id>/"
urlpatterns = [
    path("schema/", public(SpectacularAPIView.as_view()), name="schema"),
    path("docs/", public(SpectacularSwaggerSplitView.as_view(url_name="api:schema")), name="docs"),
    path("token/", exams.IssueToken.as_view(), name="token"),
    path("token/refresh/", exams.RenewToken.as_view(), name="renew_token"),
    path("token/key/", submissions.EnterByKey.as_view(), name="enter_by_key"),
    path("me/", submissions.Me.as_view(), name="me"),
    path("me/start/", submissions.StartMine.as_view(), name="start"),
    path("me/paper/", submissions.MyPaper.as_view(), name="paper"),
    path("me/save/", submissions.SaveMine.as_view(), name="save"),
    path("me/submit/", submissions.SubmitMine.as_view(), name="submit"),
    path("me/result/", grading.MyResult.as_view(), name="result"),
    path("grading/tasks/", grading.TaskList.as_view(), name="tasks"),
    path("grading/tasks/next/", grading.NextTask.as_view(), name="next_task"),
    path("grading/tasks/<int:task_id>/score/", grading.ScoreTask.as_view(), name="score_task"),
    path("grading/tasks/<int:task_id>/surrender/", grading.SurrenderTask.as_view(), name="surrender_task"),
    path("exams/", exams.ExamList.as_view(), name="exams"),
    path(EXAM, exams.ExamDetail.as_view(), name="exam"),
    path(f"{EXAM}status/", exams.SetStatus.as_view(), name="set_status"),
    path(f"{EXAM}problems/", exams.ProblemList.as_view(), name="problems"),
    path(f"{EXAM}problems/<int:number>/", exams.ProblemDetail.as_view(), name="problem"),
    path(f"{EXAM}time-blocks/", exams.TimeBlockList.as_view(), name="time_blocks"),
    path(f"{EXAM}time-blocks/<int:block_id>/", exams.TimeBlockDetail.as_view(), name="time_block"),
    path(f"{EXAM}keys/", access.IssueKeys.as_view(), name="issue_keys"),
    path(f"{EXAM}keys/revoke/", access.RevokeKeys.as_view(), name="revoke_keys"),
    path(f"{EXAM}results/", grading.ResultList.as_view(), name="results"),
    path(f"{EXAM}publications/", grading.Publish.as_view(), name="publish"),
    path(f"{EXAM}publications/<int:number>/withdraw/", grading.Withdraw.as_view(), name="withdraw"),
]
