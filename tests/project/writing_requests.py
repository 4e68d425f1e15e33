"""Every request that writes: a valid one, and the members that it is meant to take. Reviewed by people.

`typed` is what somebody types; the rest of a page's form is sent as the page had it. `takes` are the other
members that the request knows, whether or not they change anything.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.access.services.issuing import issue_anonymous_keys
from apps.exams.api.tree import EXAMPLE
from apps.exams.models import Exam
from apps.grading.enums import TaskStatus
from apps.grading.models import GradingTask, Publication
from apps.submissions.models import Submission
from tests import factories
from tests.factories.exams import SVG

CONSENT = "consent reason"
KEY_FILE = "file_type request"
EXAM = "title slug zone instructions clock duration_minutes late_start grace_seconds blind results"
PROBLEM = "number kind max_points statement choices note accepted solution not_counted not_counted_reason"
PERSON = "name external_id school team division grade room may_publish_name"
ACTION = "action _selected_action select_across index"
BOX = "statuses"  # of a queue


@dataclass(frozen=True)
class Writing:
    """One request. `typed` may be made of the rows, which `before` prepares; `page`: it has the form."""

    route: str
    kinds: str = ""
    typed: Any = field(default_factory=dict)
    takes: str = ""
    method: str = "POST"
    page: bool | str = False
    before: Callable[[Any], Any] | None = None
    who: str = "superuser"

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


def figure(name="circle.svg"):
    return SimpleUploadedFile(name, SVG, content_type="image/svg+xml")


def roster():
    return SimpleUploadedFile("roster.csv", b"name,external_id\nMaria Rossi,IT-1\n", content_type="text/csv")


def action(name, kind, **fields):
    return lambda rows: {"action": name, "_selected_action": [rows[kind]], **fields}


def claimed(rows):
    GradingTask.objects.filter(pk=rows["task"]).update(
        status=TaskStatus.CLAIMED,
        grader_id=rows["user"],
        claimed_until=timezone.now() + timedelta(minutes=5),
    )


def scored(rows):
    claimed(rows)
    factories.ScoreFactory(task_id=rows["task"], grader_id=rows["user"], points=1)
    GradingTask.objects.filter(pk=rows["task"]).update(status=TaskStatus.SCORED, claimed_until=None)


def published(rows):
    Publication.objects.filter(pk=rows["publication"]).update(withdrawn_at=None, withdrawn_reason="")


def still_written(rows):
    now = timezone.now()
    Submission.objects.filter(pk=rows["submission"]).update(
        submitted_at=None, submitted_by="", deadline_at=now + timedelta(hours=1)
    )


def draft(rows):
    Exam.objects.filter(pk=rows["exam"]).update(status="draft")


def fresh_key(rows):
    (issued,) = issue_anonymous_keys(exam_id=rows["sitting_exam"], count=1, actor=None, now=timezone.now())
    rows["key"] = issued.key


EDIT = {"op": "0b0e6dd6-8b0b-4f6a-9d0a-3f2d9c3a1a11", "number": 1, "text": "43", "based_on": 0}
BATCH = {"device": "0b0e6dd6-8b0b-4f6a-9d0a-3f2d9c3a1a12", "notices": 0, "edits": [EDIT]}
NEW_PASSWORD = "correct horse battery"
BLOCK = {"name": "Asia", "opens_at": "2026-03-14T10:00:00Z", "closes_at": "2026-03-14T12:00:00Z"}
NEW_PROBLEM = {
    "number": 2,
    "kind": "integer",
    "max_points": "3",
    "statement": "How many?",
    "accepted": ["2"],
}

CONSOLE = [
    Writing("admin:auth_group_add", typed={"name": "Jury"}, takes="permissions", page=True),
    Writing("admin:auth_group_change", "group", {"name": "Jury"}, "permissions", page=True),
    Writing(
        "admin:auth_user_add",
        typed={"username": "eva", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
        takes="usable_password",
        page=True,
    ),
    Writing(
        "admin:auth_user_change",
        "user",
        {"first_name": "Eva"},
        "username password last_name email is_active is_staff is_superuser groups user_permissions"
        " last_login_0 last_login_1 date_joined_0 date_joined_1",
        page=True,
    ),
    Writing(
        "admin:auth_user_password_change",
        "user",
        {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
        "username usable_password set-password unset-password",
        page=True,
    ),
    Writing(
        "admin:exams_exam_add",
        typed={"title": "New", "slug": "new", "zone": "UTC"},
        takes=f"{EXAM} {CONSENT}",
        page=True,
    ),
    Writing("admin:exams_exam_change", "exam", {"title": "New"}, f"{EXAM} {CONSENT}", page=True),
    Writing("admin:exams_exam_delete", "spare", {"post": "yes"}),
    Writing("admin:exams_exam_status", "exam+'closed'", {"consent": "on", "reason": "Over."}),
    Writing(
        "admin:exams_exam_duplicate", "exam", {"title": "Copy", "slug": "copy"}, "first_opens_at", page=True
    ),
    Writing(
        "admin:exams_figure_add", typed=lambda rows: {"exam": rows["exam"], "file": figure()}, takes=CONSENT
    ),
    Writing("admin:exams_figure_change", "figure", lambda _: {"file": figure("x.svg")}, CONSENT),
    Writing(
        "admin:exams_problem_add",
        typed=lambda rows: {
            "exam": rows["exam"],
            "number": 2,
            "kind": "integer",
            "max_points": "7",
            "statement": "How many?",
            "accepted": "2",
        },
        takes=f"{PROBLEM} {CONSENT}",
        page=True,
    ),
    Writing(
        "admin:exams_problem_change",
        "problem",
        {"solution": "Count.", "accepted": "42", "max_points": "5"},
        f"{PROBLEM} {CONSENT}",
        page=True,
    ),
    Writing(
        "admin:access_accesskey_issue",
        typed=lambda rows: {"exam": rows["exam"], "count": 2},
        takes=f"time_block tester {KEY_FILE}",
        page=True,
    ),
    Writing(
        "admin:access_accesskey_changelist",
        typed=action("reissue", "accesskey", reason="Lost.", issue=1),
        takes=f"{ACTION} {KEY_FILE} covers",
    ),
    Writing(
        "admin:access_accesskey_changelist",
        typed=action("revoke", "accesskey", reason="Lost.", issue=1),
        takes=f"{ACTION} covers",
    ),
    Writing(
        "admin:access_accesskey_changelist",
        typed=action("end_sessions", "accesskey", reason="Seen.", issue=1),
        takes=f"{ACTION} covers",
    ),
    Writing("admin:access_keybatch_revoke", "keybatch", {"reason": "Lost."}, "only_unused", page=False),
    Writing(
        "admin:access_keybatch_reissue",
        "keybatch",
        {"reason": "Lost.", "file_type": "csv"},
        f"only_unused {KEY_FILE}",
    ),
    Writing("admin:access_contestant_change", "contestant", {"room": "12"}, PERSON, page=True),
    Writing(
        "admin:access_registration_change",
        "registration",
        {"extra_minutes": "5"},
        "time_block time_factor tester disqualification",
        page=True,
    ),
    Writing(
        "admin:access_registration_changelist",
        typed=action("issue_keys", "registration", issue=1, replace="on", file_type="csv"),
        takes=f"{ACTION} {KEY_FILE} covers",
    ),
    Writing("admin:grading_contestant_erase", "contestant", {"reason": "Asked for.", "number": 1}),
    Writing(
        "admin:submissions_submission_changelist",
        before=still_written,
        typed=action("move_deadline", "submission", minutes=5, reason="Fire alarm."),
        takes=ACTION,
    ),
    Writing("admin:grading_publish", "exam", {"newest_seen": 1}, before=scored),
    Writing("admin:grading_withdraw", "exam", {"reason": "Wrong."}, before=published),
    Writing("admin:grading_next", "exam", takes="problem given_back after"),
    Writing(
        "admin:grading_class_score",
        "exam+problem",
        {"points": "3"},
        "key comment",
        page="admin:grading_classes",
    ),
    Writing(
        "admin:grading_score",
        "task",
        before=claimed,
        typed={"points": "3", "comment": "Good.", "note": "", "based_on": 0, "answer_revision": 1},
    ),
    Writing("admin:grading_claim", "task"),
    Writing("admin:grading_surrender", "task", before=claimed),
    Writing(
        "admin:grading_hand_on", "exam", lambda rows: {"task": rows["task"], "grader": rows["user"]}, "free"
    ),
    Writing("admin:grading_ahead", "exam", {"shown": 1}, "have"),
    Writing("admin:grading_refer", "task", {"words": "What is this?"}, before=claimed),
    Writing("admin:grading_undo", "task", {"based_on": 1}, before=scored),
]

SITTING = [
    Writing(
        "access:enter",
        typed=lambda rows: {"key": rows["key"]},
        takes="continue",
        before=fresh_key,
        who="anonymous",
    ),
    Writing("submissions:start", who="starting"),
    Writing(
        "submissions:paper",
        typed=lambda rows: {
            "device": BATCH["device"],
            "answer-1": "43",
            "based_on-1": "0",
            "op-1": EDIT["op"],
        },
        who="sitting",
    ),
    Writing("submissions:submit", who="sitting"),
]

PROGRAMS = [
    Writing("api:token", typed={"username": "clara", "password": NEW_PASSWORD}, who="anonymous"),
    Writing(
        "api:enter_by_key",
        typed=lambda rows: {"key": rows["key"]},
        takes="exam",
        before=fresh_key,
        who="anonymous",
    ),
    Writing("api:start", who="starting"),
    Writing("api:save", typed=BATCH, takes="waited", who="sitting"),
    Writing("api:submit", who="sitting"),
    Writing(
        "api:exams",
        typed=EXAMPLE,
        takes="duration_minutes late_start grace_seconds blind results clock"
        " time_blocks problems instructions instructions_file",
    ),
    Writing("api:exam", "exam", {"title": "New"}, f"{EXAM} confirm reason", method="PATCH"),
    Writing("api:set_status", "exam", {"status": "closed", "confirm": True, "reason": "Over."}),
    Writing("api:problems", "exam", NEW_PROBLEM, f"{PROBLEM} pages confirm reason"),
    Writing(
        "api:problem",
        "exam+'1'",
        {"solution": "Count.", "accepted": ["7"]},
        f"{PROBLEM} pages confirm reason",
        method="PATCH",
    ),
    Writing("api:time_blocks", "exam", BLOCK, "zone last_entry_at confirm reason"),
    Writing(
        "api:time_block",
        "exam+timeblock",
        {"name": "Asia"},
        "zone opens_at closes_at last_entry_at confirm reason",
        method="PATCH",
    ),
    Writing("api:issue_keys", "exam", {"count": 2}, "registrations time_block"),
    Writing("api:revoke_keys", "exam", lambda rows: {"ids": [rows["accesskey"]], "reason": "Lost."}),
    Writing("api:publish", "exam", {"newest_seen": 1}, before=scored),
    Writing("api:withdraw", "exam+'1'", {"reason": "Wrong."}, before=published),
    Writing("api:next_task", typed=lambda rows: {"exam": rows["exam"]}, takes="problem"),
    Writing(
        "api:score_task",
        "task",
        before=claimed,
        typed={"points": "3", "comment": "Good.", "note": "", "based_on": 0, "answer_revision": 1},
    ),
    Writing("api:surrender_task", "task", before=claimed),
]
WRITINGS = [*CONSOLE, *SITTING, *PROGRAMS]
