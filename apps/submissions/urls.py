"""The sitting: cover, paper, hand-in, receipt."""

from django.urls import URLPattern

app_name = "submissions"
urlpatterns: list[URLPattern] = []
