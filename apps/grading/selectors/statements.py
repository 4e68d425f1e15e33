"""By which statement an answer is judged."""

from collections.abc import Sequence

from apps.exams.models import StatementVersion


def statement_seen(versions: Sequence[StatementVersion], paper_version: int | None) -> StatementVersion:
    """The one that stood on the contestant's page, of all versions of a problem, the oldest first.

    `paper_version` is what the page showed when the answer was written. A blank answer was never written
    (None): it is judged by the newest.
    """
    seen = [one for one in versions if paper_version is None or one.since_version <= paper_version]
    return (seen or versions)[-1]
