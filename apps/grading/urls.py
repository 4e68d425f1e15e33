"""Results, for those who sat the exam."""

from django.urls import URLPattern

app_name = "grading"
urlpatterns: list[URLPattern] = []
