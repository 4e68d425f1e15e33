"""All routes of the API, version 1 (docs/api.md; the schema is made from them)."""

from django.urls import path

from apps.grading import api as grading
from apps.submissions import api as submissions

app_name = "api"
urlpatterns = [
    path("token/key/", submissions.EnterByKey.as_view(), name="enter_by_key"),
    path("me/", submissions.Me.as_view(), name="me"),
    path("me/start/", submissions.StartMine.as_view(), name="start"),
    path("me/paper/", submissions.MyPaper.as_view(), name="paper"),
    path("me/save/", submissions.SaveMine.as_view(), name="save"),
    path("me/submit/", submissions.SubmitMine.as_view(), name="submit"),
    path("me/result/", grading.MyResult.as_view(), name="result"),
]
