"""Who of the staff may do what: roles per exam, seen through Django's own permission checks."""

from typing import Any, cast

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db.models import Model

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
