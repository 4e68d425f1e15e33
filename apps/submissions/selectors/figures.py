"""Who may see a figure of an exam."""

import uuid
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from apps.access.selectors.entry import SignedIn
from apps.exams.models import Exam, Figure
from apps.submissions.models import Submission


def get_figure(
    *,
    public_id: uuid.UUID,
    user: AbstractBaseUser | AnonymousUser,
    contestant: SignedIn | None,
    now: datetime,
) -> Figure | None:
    """The figure, for staff who may read its exam and for a contestant who has started it; else None."""
    found = Figure.objects.filter(public_id=public_id)
    if user.is_authenticated:
        readable = Exam.objects.readable_by(user, now=now)
        if figure := found.filter(exam__in=readable).first():
            return figure
    if contestant is None or contestant.registration_id is None:
        return None
    started = Submission.objects.filter(registration_id=contestant.registration_id)
    return found.filter(exam__in=started.values("registration__exam")).first()
