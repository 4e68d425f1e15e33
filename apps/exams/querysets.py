"""Which exams, and which rows of them, somebody may work with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Q

from apps.exams.enums import ExamStatus
from apps.exams.rules import roles

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    from apps.exams.models import Exam, ExamStaff, Figure, Problem, StatementVersion, TimeBlock


Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)


class OfExam(models.QuerySet[Row_co]):
    """Rows that belong to exams, over the path `exam_path` ("" for the exam itself)."""

    exam_path: ClassVar[str] = "exam"

    def visible_to(self, user: AbstractBaseUser | AnonymousUser, permission: str = roles.VIEW) -> Self:
        """Rows of the exams in which the user's role carries the permission; a superuser has every role.

        The sandbox of a rehearsal is nobody's: it is a machine's, and goes with it.
        """
        if not user.is_active or not getattr(user, "is_staff", False):
            return self.none()
        exam = f"{self.exam_path}__" if self.exam_path else ""
        wanted: dict[str, Any] = {f"{exam}rehearses__isnull": True}
        if not getattr(user, "is_superuser", False):
            wanted[f"{exam}staff__user"] = user.pk
            wanted[f"{exam}staff__role__in"] = roles.roles_with(permission)
        # One filter call: all conditions hold for the same exam, and for the same row of its staff, of which
        # a user has one per exam.
        return self.filter(Q(**wanted))


class ExamQuerySet(OfExam["Exam"]):
    exam_path = ""

    def active_at(self, moment: datetime) -> Self:
        """Exams that are ready and have a time block which is not over."""
        return self.filter(status=ExamStatus.READY, time_blocks__closes_at__gt=moment).distinct()

    def readable_by(self, user: AbstractBaseUser | AnonymousUser, *, now: datetime) -> Self:
        """Exams whose content the user may read: from the opening on, or before it by the role."""
        early = self.visible_to(user, roles.READ)
        opened = ~Q(status=ExamStatus.DRAFT) & Q(time_blocks__opens_at__lte=now)
        return self.visible_to(user).filter(opened | Q(pk__in=early.values("pk"))).distinct()


class ExamStaffQuerySet(OfExam["ExamStaff"]):
    pass


class TimeBlockQuerySet(OfExam["TimeBlock"]):
    pass


class ProblemQuerySet(OfExam["Problem"]):
    pass


class StatementVersionQuerySet(OfExam["StatementVersion"]):
    exam_path = "problem__exam"

    def current(self) -> Self:
        """The newest version of each problem's statement."""
        return self.order_by("problem_id", "-version").distinct("problem_id")


class FigureQuerySet(OfExam["Figure"]):
    pass
