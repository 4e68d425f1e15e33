"""Who may open a page of the console, asked on each one: `admin_view` only knows that somebody is staff."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from apps.exams.models import Exam


def exam_for(request: HttpRequest, exam_id: int, permission: str) -> Exam:
    """The exam, if the user may do this in it. Others' exams and missing ones are alike: 404."""
    exam = get_object_or_404(Exam.objects.visible_to(request.user), pk=exam_id)
    if not request.user.has_perm(permission, exam):
        raise PermissionDenied
    return exam


def staff_of(request: HttpRequest) -> AbstractUser:
    """The user behind `admin_view`, which let nobody else in."""
    if not isinstance(request.user, AbstractUser):
        raise PermissionDenied
    return request.user


def console_page(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of the console's own, never kept by a cache."""
    page = {**admin.site.each_context(request), **context}
    response = render(request, template, page, status=status)
    response["Cache-Control"] = "no-store, private"
    return response
