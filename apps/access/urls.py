"""The way in and out."""

from django.urls import path

from apps.access import views

app_name = "access"
urlpatterns = [
    path("", views.entry, name="entry"),
    path("enter/", views.enter, name="enter"),
    path("exam/choose/", views.choose, name="choose"),
    path("leave/", views.leave, name="leave"),
]
