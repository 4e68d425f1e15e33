"""What a request did to the whole database, whichever tables it wrote to."""

import json
from dataclasses import dataclass

from django.db import connection

# A session's key is by chance, and its content is opaque.
LEFT_OUT = {"django_session"}


def all_rows():
    """Every row of every table as text, by table."""
    tables = [name for name in connection.introspection.table_names() if name not in LEFT_OUT]
    parts = [f"SELECT '{name}', to_jsonb(t)::text FROM \"{name}\" t" for name in tables]  # noqa: S608 - our own
    rows = {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        for table, row in cursor:
            rows.setdefault(table, set()).add(row)
    return rows


def numbers_given():
    """How far each sequence has come."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, sequencename), coalesce(last_value, 1),"
            " last_value IS NOT NULL FROM pg_sequences WHERE schemaname = current_schema()"
        )
        return cursor.fetchall()


def give_the_same_numbers(again):
    """New rows get the same keys in each of several runs that are rolled back; sequences are not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(name::regclass, last, called)"
            " FROM unnest(%s::text[], %s::bigint[], %s::bool[]) AS n(name, last, called)",
            [list(column) for column in zip(*again, strict=True)],
        )


@dataclass(frozen=True)
class Effect:
    """The rows that are gone and the rows that are new; a changed row is both."""

    gone: frozenset
    new: tuple  # of (table, row), in the order of their keys

    @classmethod
    def between(cls, before, after):
        tables = before.keys() | after.keys()
        gone = {(t, row) for t in tables for row in before.get(t, set()) - after.get(t, set())}
        new = [(t, json.loads(row)) for t in tables for row in after.get(t, set()) - before.get(t, set())]
        return cls(frozenset(gone), tuple(sorted(new, key=lambda item: (item[0], place(item[1])))))

    def chance(self, again):
        """The columns that differ between two runs of the same: keys, salts, moments."""
        pairs = zip(self.new, again.new, strict=True)
        return {
            (table, column)
            for (table, row), (_, other) in pairs
            for column in row
            if row[column] != other[column]
        }

    def differences(self, other, chance):
        """What the other did besides or otherwise, in words."""
        found = [f"also gone: {row}" for row in other.gone ^ self.gone]
        if [table for table, _ in self.new] != [table for table, _ in other.new]:
            return [*found, f"other rows: {[item for item in other.new if item not in self.new]}"]
        for (table, row), (_, changed) in zip(self.new, other.new, strict=True):
            found += [
                f"{table}.{column}: {changed[column]!r}, not {row[column]!r}"
                for column in row
                if row[column] != changed[column] and (table, column) not in chance
            ]
        return found

    def values(self, columns):
        return {str(row[column]) for table, row in self.new for column in row if (table, column) in columns}


def place(row):
    # An event's own key first: its `id` is that of the row it tells of, and one row may have several events.
    key = row.get("pgh_id", row.get("id"))
    return (0, key, "") if isinstance(key, int) else (1, 0, json.dumps(sorted(row)))
