"""What the database holds of an exam's papers, for the checker; over any PostgreSQL cursor.

The texts stay where they are: the database hashes them.
"""

from typing import Any, Protocol

from apps.grading.rules.rehearsal.checking import StoredAnswer, StoredRevision


class Cursor(Protocol):
    """What Django's cursors and psycopg's have in common."""

    def execute(self, query: Any, params: Any = None, /) -> Any: ...
    def fetchall(self) -> list[tuple[Any, ...]]: ...


DIGEST = "encode(sha256(convert_to({0}.text, 'UTF8')), 'hex')"
OF_EXAM = """
join submissions_submission s on s.id = {0}.submission_id
join access_registration r on r.id = s.registration_id
join exams_exam x on x.id = r.exam_id
where x.slug = %s
"""
# What an organiser let count afterwards is a second row of the same text, which no contestant sent.
REVISIONS = f"""
select s.public_id::text, v.op::text, v.number, {DIGEST.format("v")}, v.state, v.revision
from submissions_answerrevision v {OF_EXAM.format("v")} and v.promoted_from_id is null
"""  # noqa: S608 - no value is put into it
ANSWERS = f"""
select s.public_id::text, a.number, {DIGEST.format("a")}, a.revision
from submissions_answer a {OF_EXAM.format("a")}
"""  # noqa: S608


def read_revisions(cursor: Cursor, exam_slug: str) -> list[StoredRevision]:
    cursor.execute(REVISIONS, [exam_slug])
    return [StoredRevision(*row) for row in cursor.fetchall()]


def read_answers(cursor: Cursor, exam_slug: str) -> list[StoredAnswer]:
    cursor.execute(ANSWERS, [exam_slug])
    return [StoredAnswer(*row) for row in cursor.fetchall()]
