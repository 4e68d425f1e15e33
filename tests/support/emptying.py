"""Emptying the tables after a test with real commits, as Django's `flush` does, in a tenth of its time.

`flush` truncates: every table and every index becomes a new file, and content types and permissions are made
anew, row by row. Deleting what the few filled tables hold needs none of that. The rest is as with `flush`: it
waits for whoever still writes, so that what threads and servers left goes too; no trigger of ours keeps a
row; ids go on where they were; and content types and permissions are there afterwards.
"""

from collections.abc import Callable

from django.db import connection, transaction
from django.test import TransactionTestCase

KEPT = ("auth_permission", "django_content_type")
STATE = " UNION ALL ".join(
    f"SELECT '{table}', md5(string_agg(kept::text, ' ' ORDER BY id)) FROM {table} kept"  # noqa: S608
    for table in KEPT
)

End = Callable[[TransactionTestCase], None]


def by_deleting(flush: End) -> End:
    """Make what takes the place of `flush` from now on, while the tables are as the migrations left them."""
    kept = state_of_kept()
    statements = emptying()

    def end(case: TransactionTestCase) -> None:
        nonlocal kept
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statements)
        if state_of_kept() != kept:  # a test changed them: only `flush` makes them as they were
            flush(case)
            kept = state_of_kept()

    return end


def emptying() -> str:
    """The statements; the lock lets those who are writing end, as the one of TRUNCATE does."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    quoted = {table: connection.ops.quote_name(table) for table in tables}
    return ";".join(
        (
            "SET LOCAL session_replication_role = replica",  # neither guards nor foreign keys
            f"LOCK TABLE {', '.join(quoted.values())} IN SHARE ROW EXCLUSIVE MODE",
            *(f"DELETE FROM {name}" for table, name in quoted.items() if table not in KEPT),  # noqa: S608
        )
    )


def may_switch_triggers_off() -> bool:
    """A superuser may, and whoever was granted it; others go on with `flush`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
        return cursor.fetchone()[0]


def state_of_kept() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(STATE)
        return cursor.fetchall()
