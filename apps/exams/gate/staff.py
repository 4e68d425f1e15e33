"""Who of the staff may do what: roles per exam, seen through Django's own permission checks."""

from typing import Any, TypeGuard, cast

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import AbstractBaseUser, AbstractUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from rest_framework.request import Request

from apps.exams.models import Exam, ExamStaff
from apps.exams.rules import roles


class ExamRoleBackend(BaseBackend):
    """Grants the permissions of `rules/roles.py` by the user's role.

    With an exam as the object, the role in that exam decides; without one, any exam's role does
    (pages use that to show themselves; their rows are still limited by `.visible_to(user)`).
    """

    def has_perm(self, user_obj: AbstractUser | AnonymousUser, perm: str, obj: Model | None = None) -> bool:
        if perm not in roles.ALL or not user_obj.is_active or not user_obj.is_staff:
            return False
        held = _roles_of(user_obj)
        if obj is not None:
            if not isinstance(obj, Exam):
                # A row of an exam has a primary key of its own: taken for the exam's, it would open another.
                return False
            return held.get(obj.pk) in roles.roles_with(perm)
        return any(role in roles.roles_with(perm) for role in held.values())


def _roles_of(user: Any) -> dict[int, str]:
    """The user's role by exam, asked once per request: Django's own backend keeps its answers there too."""
    if not hasattr(user, "_exam_roles"):
        user._exam_roles = dict(ExamStaff.objects.filter(user=user).values_list("exam_id", "role"))  # noqa: SLF001
    return cast("dict[int, str]", user._exam_roles)  # noqa: SLF001


def is_active_staff(user: AbstractBaseUser | None) -> TypeGuard[AbstractUser]:
    """Who may have a token; asked again at each renewal."""
    return isinstance(user, AbstractUser) and user.is_active and user.is_staff


def staff_of(request: HttpRequest | Request) -> AbstractUser:
    """The user behind the console's door or the API's, which let nobody else in."""
    user: Any = request.user
    if not isinstance(user, AbstractUser):
        raise PermissionDenied
    return user


def exam_for(request: HttpRequest | Request, exam_id: int, permission: str) -> Exam:
    """The exam, if the user may do this in it. Others' exams and missing ones are alike: 404."""
    user = staff_of(request)
    exam = get_object_or_404(Exam.objects.visible_to(user), pk=exam_id)
    if not user.has_perm(permission, exam):
        raise PermissionDenied
    return exam
