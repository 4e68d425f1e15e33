"""A small competition for the journeys: one problem of each kind, real keys."""

from datetime import UTC, datetime, timedelta

from apps.access.services.issuing import IssuedKey, issue_anonymous_keys
from apps.exams.models import Exam
from apps.exams.services.importing import import_exam_tree

PROBLEMS = [
    {
        "number": 1,
        "kind": "choice",
        "max_points": "5",
        "statement": "Which of these numbers is prime?",
        "choices": [
            {"label": "A", "text": "$2^4-1$"},
            {"label": "B", "text": "$2^5-1$"},
            {"label": "C", "text": "$2^6-1$"},
        ],
        "accepted": ["B"],
        "solution": "$2^5-1=31$ is prime; $15=3\\cdot 5$ and $63=7\\cdot 9$ are not.",
    },
    {
        "number": 2,
        "kind": "integer",
        "max_points": "5",
        "statement": "Find the smallest root of $x^2+5x-14=0$.",
        "accepted": ["-7"],
        "solution": "$x^2+5x-14=(x+7)(x-2)$.",
    },
    {
        "number": 3,
        "kind": "expression",
        "max_points": "5",
        "statement": "The diagonal of a square has length $d$. What is its area?",
        "accepted": ["d^2/2"],
        "solution": "Two right triangles with legs $d/\\sqrt2$.",
    },
    {
        "number": 4,
        "kind": "proof",
        "max_points": "7",
        "statement": "Prove that the sum of two odd numbers is even.",
        "accepted": [],
        "solution": "$(2a+1)+(2b+1)=2(a+b+1)$.",
    },
]


def tree(*, opens_at: datetime, closes_at: datetime, **changes) -> dict:
    """CONTRACT's tree of the exam, with a common window."""
    return {
        "format": "examgrader/1",
        "slug": "journey",
        "title": "Journey Round",
        "zone": "Europe/Berlin",
        "clock": "common",
        "grace_seconds": 30,
        "blind": True,
        "results": "own",
        "instructions": "No calculators. Good luck!",
        "time_blocks": [
            {"name": "Main", "opens_at": opens_at.isoformat(), "closes_at": closes_at.isoformat()}
        ],
        "problems": PROBLEMS,
    } | changes


def set_exam(*, opens_in: float = -3600, **changes) -> Exam:
    """A ready exam that opens in so many seconds and lasts two hours."""
    now = datetime.now(tz=UTC)
    opens_at = now + timedelta(seconds=opens_in)
    made = import_exam_tree(
        tree=tree(opens_at=opens_at, closes_at=opens_at + timedelta(hours=2), **changes),
        figures={},
        actor=None,
        now=now,
    )
    return Exam.objects.get(pk=made.exam_id)


def issue_keys(exam: Exam, count: int = 1) -> list[IssuedKey]:
    return issue_anonymous_keys(exam_id=exam.pk, count=count, actor=None, now=datetime.now(tz=UTC))
