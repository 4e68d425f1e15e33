"""The plans of the save path, which a connection makes once and keeps, whatever the tables hold by then."""

import re

import pytest
from django.db import connections

from apps.submissions.selectors import own_registrations, paper, receipts
from apps.submissions.services import opening, save_statement

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "saves"])

STATEMENTS = {
    "save": save_statement.SAVE,
    "heartbeat": save_statement.HEARTBEAT,
    "op in flight": save_statement.IN_FLIGHT,
    "opening": opening.OPEN,
    "paper": paper.GET,
    "own registrations": own_registrations.OF_CONTESTANT,
    "own receipt": receipts.OWN,
}
THROUGH_A_WHOLE_TABLE = re.compile(r"Seq Scan on (?:access|exams|submissions)_\w+")
# Of what contestants make themselves, all in the same minutes. Exams and keys were there days before.
THROUGH_A_WHOLE_INDEX = re.compile(
    r"Index (?:Only )?Scan (?:Backward )?using \w+ on (submissions_\w+)[^\n]*\n(?!\s+Index Cond)"
)


def plan_of(statement, alias="saves"):
    """What a connection keeps that first sees the statement now."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
    for place, name in enumerate(names, start=1):
        statement = statement.replace(f"%({name})s", f"${place}")
    connections[alias].ensure_connection()
    # As a simple query, not by Django's cursor: there are no values to bind.
    rows = (
        connections[alias].connection.execute(f"EXPLAIN (GENERIC_PLAN) {statement}", prepare=False).fetchall()
    )
    return "\n".join(line for (line,) in rows)


@pytest.fixture(autouse=True)
def _empty_tables_with_statistics():
    """As after a rehearsal that was cleaned up: PostgreSQL knows for certain that there is nothing."""
    with connections["default"].cursor() as cursor:
        # VACUUM alone leaves the pages of other tests' rows as long as anybody, autovacuum too, has an older
        # snapshot or holds a page; a table with pages is planned otherwise than one without.
        cursor.execute("TRUNCATE exams_exam, access_contestant, submissions_answerrevision CASCADE")
        cursor.execute("VACUUM ANALYZE")


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_plan_made_over_empty_tables_reads_no_table_whole_later(name):
    plan = plan_of(STATEMENTS[name])
    assert "Index Scan" in plan
    assert not THROUGH_A_WHOLE_TABLE.findall(plan)
    assert not THROUGH_A_WHOLE_INDEX.findall(f"{plan}\n")


def test_control_a_join_reads_all_receipts():
    joined = """
        select t.code from submissions_receipt t join submissions_submission s on s.id = t.submission_id
        where s.registration_id = %(which)s order by t.id desc limit 1
    """
    assert "submissions_receipt" in THROUGH_A_WHOLE_INDEX.findall(plan_of(joined))


def test_control_as_other_connections_plan_the_save_reads_all_revisions():
    found = THROUGH_A_WHOLE_TABLE.findall(plan_of(save_statement.SAVE, alias="default"))
    assert "Seq Scan on submissions_answerrevision" in found
