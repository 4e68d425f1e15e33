"""What EXPLAIN said, and the page that shows it."""

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

INDEX = re.compile(r"(?:Index(?: Only)? Scan|Index Scan Backward) using (\w+)|Bitmap Index Scan on (\w+)")
WHOLE_TABLE = re.compile(r"Seq Scan on (\w+)")
TIME = re.compile(r"Execution Time: ([\d.]+) ms")
BUFFERS = re.compile(r"Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?")
# Tables that grow with the contestants: none of them may be read whole.
GROWING = {
    "access_accesskey",
    "access_contestant",
    "access_registration",
    "grading_gradingtask",
    "submissions_answer",
    "submissions_answerrevision",
    "submissions_submission",
}
LONGEST_LIST = 240  # characters of a statement's head in the page


@dataclass(frozen=True)
class Planned:
    """One statement, and what EXPLAIN (ANALYZE, BUFFERS) said."""

    statement: str
    plan: str

    @property
    def indexes(self) -> list[str]:
        return sorted({name for found in INDEX.findall(self.plan) for name in found if name})

    @property
    def whole_tables(self) -> list[str]:
        return sorted(set(WHOLE_TABLE.findall(self.plan)))

    @property
    def read_whole_in_vain(self) -> list[str]:
        return [table for table in self.whole_tables if table in GROWING]

    @property
    def milliseconds(self) -> float:
        return float(TIME.findall(self.plan)[0])

    @property
    def pages(self) -> int:
        """Pages of 8 kB that the topmost node touched, all below it counted in."""
        found = BUFFERS.search(self.plan)
        return sum(int(number or 0) for number in found.groups()) if found else 0


def write_page(options: argparse.Namespace, found: Mapping[str, Sequence[Planned]], commit: str) -> str:
    size = (
        f"{options.contestants} contestants, {options.problems} problems,"
        f" {options.revisions} revisions of each answer"
    )
    lines = [
        "# The SQL of the six hot paths",
        "",
        f"Written by `make plans` at commit {commit}, with {size}. Each statement is one that",
        "the product's own code asked, with `EXPLAIN (ANALYZE, BUFFERS)` after a `VACUUM ANALYZE`. A page is",
        "8 kB. Times are those of a busy machine; indexes and pages touched do not depend on it. A small",
        "table is read whole because that is cheaper than its index.",
        "",
        "| path | statement | ms | pages | indexes | whole tables |",
        "|---|---|---|---|---|---|",
    ]
    for name, planned in found.items():
        for place, one in enumerate(planned, start=1):
            indexes, tables = ", ".join(one.indexes) or "–", ", ".join(one.whole_tables) or "–"
            lines.append(
                f"| {name} | {place} | {one.milliseconds:.2f} | {one.pages} | {indexes} | {tables} |"
            )
    for name, planned in found.items():
        lines += ["", f"## {name}"]
        for place, one in enumerate(planned, start=1):
            lines += [
                "",
                f"{place}.",
                "",
                "```sql",
                shortened(one.statement),
                "```",
                "",
                "```",
                one.plan,
                "```",
            ]
    return "\n".join(lines) + "\n"


def shortened(statement: str) -> str:
    """Long lists of columns say nothing about a plan."""
    head, found, rest = statement.partition(" FROM ")
    if not found or not head.startswith("SELECT ") or len(head) < LONGEST_LIST:
        return statement
    return f"{head[:LONGEST_LIST]} …{found}{rest}"
