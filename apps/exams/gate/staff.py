"""Who of the staff may do what: roles per exam, seen through Django's own permission checks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeGuard, cast

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import AbstractBaseUser, AbstractUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Min, Model, Q
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.request import Request

from apps.exams.enums import ExamStatus
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
            return obj.pk in held and held[obj.pk].may(perm)
        return any(role.may(perm) for role in held.values())


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A user's role in one exam, and since when the exam is no secret there; None while it is a draft."""

    role: str
    opens_at: datetime | None

    def may(self, permission: str) -> bool:
        if permission == roles.READ and self.opens_at is not None and self.opens_at <= timezone.now():
            return True
        return self.role in roles.roles_with(permission)


def _roles_of(user: Any) -> dict[int, HeldRole]:
    """The user's role by exam, asked once per request: Django's own backend keeps its answers there too."""
    if not hasattr(user, "_exam_roles"):
        opening = Min("exam__time_blocks__opens_at", filter=~Q(exam__status=ExamStatus.DRAFT))
        rows = ExamStaff.objects.filter(user=user).values_list("exam_id", "role").annotate(opens_at=opening)
        user._exam_roles = {exam_id: HeldRole(role, opens_at) for exam_id, role, opens_at in rows}  # noqa: SLF001
    return cast("dict[int, HeldRole]", user._exam_roles)  # noqa: SLF001


def is_active_staff(user: AbstractBaseUser | None) -> TypeGuard[AbstractUser]:
    """Who may have a token; asked again at each renewal."""
    return isinstance(user, AbstractUser) and user.is_active and user.is_staff


def staff_of(request: HttpRequest | Request) -> AbstractUser:
    """The user behind the console's door or the API's, which let nobody else in."""
    user: Any = request.user
    if not isinstance(user, AbstractUser):
        raise PermissionDenied
    return user


def exam_for(request: HttpRequest | Request, exam_id: int, *permissions: str) -> Exam:
    """The exam, if the user may do all this in it. Others' exams and missing ones are alike: 404."""
    user = staff_of(request)
    exam = get_object_or_404(Exam.objects.visible_to(user), pk=exam_id)
    if not all(user.has_perm(permission, exam) for permission in permissions):
        raise PermissionDenied
    return exam
