"""Which people and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from django.db import models

from apps.exams.querysets import OfExam
from apps.exams.rules import roles

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    from apps.access.models import AccessKey, Contestant, Erasure, KeyBatch, Registration, School


Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)


class OfContest(OfExam[Row_co]):
    """Rows of a contest: visible to the staff of any of its exams."""

    exam_path = "contest__exams"

    def visible_to(self, user: AbstractBaseUser | AnonymousUser, permission: str = roles.VIEW) -> Self:
        """As for exams; a contest may have several in which the user works, each row comes once."""
        return super().visible_to(user, permission).distinct()


class SchoolQuerySet(OfContest["School"]):
    pass


class ContestantQuerySet(OfContest["Contestant"]):
    pass


class RegistrationQuerySet(OfExam["Registration"]):
    def counted(self) -> Self:
        """Those whose papers count: testers look, they never compete."""
        return self.filter(tester=False)


class KeyBatchQuerySet(OfExam["KeyBatch"]):
    pass


class AccessKeyQuerySet(OfContest["AccessKey"]):
    exam_path = "contestant__contest__exams"

    def valid(self) -> Self:
        """Keys that still open something."""
        return self.filter(revoked_at=None)

    def of_exam(self, exam_id: int) -> Self:
        """Keys of contestants who are registered for the exam, each once."""
        return self.filter(contestant__registrations__exam=exam_id)


class ErasureQuerySet(OfContest["Erasure"]):
    exam_path = "contestant__contest__exams"
