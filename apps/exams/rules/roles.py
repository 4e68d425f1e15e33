"""Which role may do what in an exam."""

from apps.exams.enums import StaffRole

VIEW = "exams.view_exam_desk"
# Statements, figures, accepted answers and solutions. Before the exam opens only roles that carry it read
# them; from the first opening on, everybody with a role in the exam does.
READ = "exams.read_content"
EDIT = "exams.edit_exam"
MANAGE_PEOPLE = "exams.manage_people"
WATCH = "exams.watch_sitting"
SCORE = "exams.score_answers"
LEAD = "exams.lead_grading"
PUBLISH = "exams.publish_results"

PERMISSIONS: dict[str, frozenset[str]] = {
    StaffRole.ORGANISER: frozenset({VIEW, READ, EDIT, MANAGE_PEOPLE, WATCH, PUBLISH}),
    StaffRole.LEAD_GRADER: frozenset({VIEW, READ, SCORE, LEAD}),
    StaffRole.GRADER: frozenset({VIEW, SCORE}),
    StaffRole.PROCTOR: frozenset({VIEW, WATCH}),
    StaffRole.OBSERVER: frozenset({VIEW}),
}

ALL = frozenset().union(*PERMISSIONS.values())


def roles_with(permission: str) -> list[str]:
    """The roles that carry a permission, for querying who may."""
    return [role for role, permissions in PERMISSIONS.items() if permission in permissions]
