"""Routes of the exams' own pages."""

from django.urls import path

from apps.exams import views

app_name = "exams"
urlpatterns = [path("figures/<uuid:public_id>/", views.figure, name="figure")]
