"""An exam and when it may be taken."""

import pghistory
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from apps.core.constraints import only_choices
from apps.exams.enums import ClockKind, ExamStatus, LateStart, ResultsPolicy, StaffRole
from apps.exams.querysets import ExamQuerySet, ExamStaffQuerySet, TimeBlockQuerySet
from apps.exams.rules import roles
from apps.exams.rules.zones import known_zones

LONGEST_GRACE_SECONDS = 600


def known_zone(name: str) -> None:
    """Refuse a name that is not in the time zone database."""
    if name not in known_zones():
        raise ValidationError(
            f"“{name}” is not a time zone; an example is Europe/Berlin.", code="unknown_zone"
        )


class Contest(models.Model):
    """One or more exams and their contestants; a single exam makes its own, silently."""

    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200)

    class Meta:
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.title


@pghistory.track()
class Exam(models.Model):
    """One paper of a contest: its problems, its clock, and who sees what.

    `version` counts every edit of what contestants are shown; it is bumped in the edit's own
    transaction, so that a cached copy of an older version is never taken for the current one.
    `first_started_at` is written by the sitting when the first paper is started (testers' papers
    aside). `notices` counts the announcements. `rehearses` marks a sandbox: the copy of that exam which a
    synthetic crowd sits in a rehearsal. It stands in no list of anybody, and goes when the rehearsal is over.
    """

    contest = models.ForeignKey(Contest, on_delete=models.PROTECT, related_name="exams")
    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200)
    zone = models.CharField(max_length=60, validators=[known_zone], help_text="For example Europe/Berlin.")
    status = models.CharField(max_length=10, choices=ExamStatus, default=ExamStatus.DRAFT)
    clock = models.CharField(max_length=10, choices=ClockKind, default=ClockKind.COMMON)
    duration_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="For a personal duration only."
    )
    late_start = models.CharField(max_length=10, choices=LateStart, default=LateStart.COMMON_END)
    grace_seconds = models.PositiveIntegerField(
        default=30,
        validators=[MaxValueValidator(LONGEST_GRACE_SECONDS)],
        help_text="What arrives this long after the deadline still counts: the network may be slow.",
    )
    blind = models.BooleanField(
        default=True, help_text="Graders see a blind code in place of the contestant."
    )
    results = models.CharField(max_length=10, choices=ResultsPolicy, default=ResultsPolicy.OWN)
    instructions = models.TextField(
        blank=True, help_text="Markdown with LaTeX; shown on the cover and the paper."
    )
    instructions_html = models.TextField(blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    notices = models.PositiveIntegerField(default=0, editable=False)
    first_started_at = models.DateTimeField(null=True, blank=True, editable=False)
    rehearses = models.ForeignKey(
        "self", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )

    objects = ExamQuerySet.as_manager()

    class Meta:
        ordering = ("slug",)
        constraints = [
            only_choices("status", ExamStatus),
            only_choices("clock", ClockKind),
            only_choices("late_start", LateStart),
            only_choices("results", ResultsPolicy),
            models.CheckConstraint(
                # Without the second condition a missing duration makes the check unknown, and unknown passes.
                condition=Q(clock=ClockKind.PERSONAL, duration_minutes__gt=0, duration_minutes__isnull=False)
                | Q(clock=ClockKind.COMMON, duration_minutes=None),
                name="exams_exam_duration_goes_with_personal_clock",
                violation_error_message="A personal duration needs its minutes; a common window has none.",
            ),
            models.CheckConstraint(
                condition=Q(grace_seconds__lte=LONGEST_GRACE_SECONDS), name="exams_exam_grace_within_limit"
            ),
        ]

    def __str__(self) -> str:
        return self.title


@pghistory.track()
class TimeBlock(models.Model):
    """A period in which an exam may be taken; `zone` is where its contestants sit (blank: the exam's)."""

    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="time_blocks")
    name = models.CharField(max_length=60)
    zone = models.CharField(max_length=60, blank=True, validators=[known_zone])
    opens_at = models.DateTimeField()
    last_entry_at = models.DateTimeField(null=True, blank=True, help_text="Blank: until the block closes.")
    closes_at = models.DateTimeField()

    objects = TimeBlockQuerySet.as_manager()

    class Meta:
        ordering = ("opens_at", "name")
        constraints = [
            models.UniqueConstraint(fields=["exam", "name"], name="exams_timeblock_name_once_per_exam"),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")),
                name="exams_timeblock_closes_after_opening",
                violation_error_message="A time block closes after it opens.",
            ),
            models.CheckConstraint(
                condition=Q(last_entry_at=None)
                | Q(last_entry_at__gt=F("opens_at"), last_entry_at__lte=F("closes_at")),
                name="exams_timeblock_last_entry_inside",
                violation_error_message="The last entry lies after the opening and not after the closing.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone_name(self) -> str:
        """The zone its times are told in."""
        return self.zone or self.exam.zone


@pghistory.track()
class ExamStaff(models.Model):
    """What one user may do in one exam: one role each. A superuser holds every role without a row."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="staff")
    role = models.CharField(max_length=20, choices=StaffRole)

    objects = ExamStaffQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "exam staff"
        default_permissions = ()
        # What roles carry; `ExamRoleBackend` grants them, nobody needs a row in auth's tables.
        permissions = [
            (name.removeprefix("exams."), name.removeprefix("exams.").replace("_", " "))
            for name in sorted(roles.ALL)
        ]
        constraints = [
            only_choices("role", StaffRole),
            models.UniqueConstraint(fields=["user", "exam"], name="exams_examstaff_one_role_per_exam"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"
