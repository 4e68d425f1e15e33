"""Results, for those who sat the exam."""

from django.urls import path

from apps.grading import views

app_name = "grading"
urlpatterns = [
    path("exam/result/", views.result, name="result"),
    path("exam/result/list/", views.result_list, name="result_list"),
    path("results/<slug:exam_slug>/", views.result_list_public, name="result_list_public"),
]
