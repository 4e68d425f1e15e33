"""Who competes, and in what."""

from decimal import Decimal

import pghistory
from django.db import models
from django.db.models import Q

from apps.access.querysets import ContestantQuerySet, RegistrationQuerySet, SchoolQuerySet
from apps.access.rules.people import printed_number
from apps.exams.models import Contest, Exam, TimeBlock


class School(models.Model):
    """Where contestants of a contest come from."""

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200)

    objects = SchoolQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(fields=["contest", "code"], name="access_school_code_once_per_contest")
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Contestant(models.Model):
    """One person of a contest, known in public by the number; a name may be blank (an anonymous key).

    Everything but `number` is personal data, mostly of minors: graders never see it.
    """

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    external_id = models.CharField(
        max_length=100, blank=True, help_text="The organiser's own id, from the roster."
    )
    name = models.CharField(max_length=200, blank=True)
    school = models.ForeignKey(
        School, null=True, blank=True, on_delete=models.PROTECT, related_name="contestants"
    )
    team = models.CharField(max_length=100, blank=True)
    division = models.CharField(max_length=100, blank=True)
    grade = models.CharField(max_length=40, blank=True)
    room = models.CharField(max_length=100, blank=True)
    may_publish_name = models.BooleanField(default=False)

    objects = ContestantQuerySet.as_manager()

    class Meta:
        ordering = ("contest", "number")
        constraints = [
            models.UniqueConstraint(
                fields=["contest", "number"], name="access_contestant_number_once_per_contest"
            ),
            models.UniqueConstraint(
                fields=["contest", "external_id"],
                condition=~Q(external_id=""),
                name="access_contestant_external_id_once_per_contest",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="access_contestant_number_from_one"),
        ]

    def __str__(self) -> str:
        return self.public_number

    @property
    def public_number(self) -> str:
        """The number as printed: at least four digits."""
        return printed_number(self.number)


@pghistory.track()
class Registration(models.Model):
    """A contestant for an exam: when, and with which accommodations.

    The time block belongs to the same exam (kept by the services, under a lock on the contestant).
    A tester's registration opens the paper early and is never counted. `disqualification` holds the
    reason; blank: not disqualified.
    """

    contestant = models.ForeignKey(Contestant, on_delete=models.PROTECT, related_name="registrations")
    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="+")
    time_block = models.ForeignKey(TimeBlock, on_delete=models.PROTECT, related_name="+")
    extra_minutes = models.PositiveIntegerField(default=0)
    time_factor = models.DecimalField(max_digits=4, decimal_places=2, default=Decimal(1))
    tester = models.BooleanField(default=False)
    disqualification = models.CharField(max_length=300, blank=True)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        ordering = ("exam", "contestant")
        constraints = [
            models.UniqueConstraint(fields=["contestant", "exam"], name="access_registration_once_per_exam"),
            models.CheckConstraint(
                condition=Q(time_factor__gte=1, time_factor__lte=10),
                name="access_registration_time_factor_between_1_and_10",
                violation_error_message="A time factor lies between 1 and 10.",
            ),
            models.CheckConstraint(
                condition=Q(extra_minutes__lte=1440),
                name="access_registration_extra_minutes_within_a_day",
                violation_error_message="Extra minutes are at most 1440, one day.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contestant} in {self.exam}"
