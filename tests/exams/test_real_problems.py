"""Real competition problems, in the LaTeX that real people write, where the collection lies beside us.

Every text either renders or stands in the list below with the reason. The project's own formulas, which are
always there, are typeset in tests/core/test_markup_formulas.py.
"""

import csv
import re
from pathlib import Path

import pytest

from apps.core.markup import MarkupError, render_statement
from apps.exams.models import Problem, StatementVersion
from apps.exams.rules.documents import read
from apps.exams.services.demonstrating import DEMO
from apps.exams.services.importing import import_exam_tree
from tests.factories import NOW

COLLECTION = Path(__file__).resolve().parents[3] / "shared" / "data" / "imobench"

# What an organiser is told about a text of the collection, and would have to change.
REFUSED = {
    ("imo-bench-algebra-013", "Problem"): r"invalid delimiter ',' after '\\right'",
    ("imo-bench-algebra-097", "Short Answer"): r"opened by \$ is never closed",
    ("imo-bench-number_theory-021", "Problem"): r"\\textif stands outside a formula",
    ("PB-Basic-021", "Solution"): r"unknown command \\ensuremath",
    ("PB-Advanced-001", "Solution"): r"unknown command \\qed at position 1 of the formula",
}


def collected(name):
    """Rows of one table of the collection; none where the collection is not there."""
    path = COLLECTION / name
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


ANSWERS = collected("answerbench_odd.csv")
PROOFS = collected("proofbench_odd.csv")
OWN = read(DEMO.read_bytes(), DEMO.name).tree["problems"]


def texts():
    """Every text as (id, column, text): the demo exam's always, the collection's where it is."""
    for problem in OWN:
        for key in ("statement", "solution"):
            yield f"demo-{problem['number']}", key, problem[key]
    for rows, columns in (
        (ANSWERS, ("Problem", "Short Answer")),
        (PROOFS, ("Problem", "Solution", "Grading guidelines", "Short Answer")),
    ):
        for row in rows:
            for column in columns:
                yield row["Problem ID"], column, row[column]


def refusal_of(text):
    try:
        html = render_statement(text, figure_url={"square.svg": "/figures/1/"}.get).html
    except MarkupError as refusal:
        return str(refusal)
    # What KaTeX could not typeset would stand in its colour for errors.
    assert "katex-error" not in html
    assert "#cc0000" not in html
    return None


def test_every_text_renders_or_is_listed_with_its_reason():
    listed = {key: reason for key, reason in REFUSED.items() if ANSWERS or PROOFS}
    refused = {}
    for identifier, column, text in texts():
        if refusal := refusal_of(text):
            refused[identifier, column] = refusal
    assert refused.keys() == listed.keys()
    for key, refusal in refused.items():
        assert re.search(listed[key], refusal)


def as_problem(row, kind):
    accepted = [row["Short Answer"]] if row["Short Answer"].strip() else []
    return {"kind": kind, "max_points": "7", "statement": row["Problem"], "accepted": accepted}


@pytest.mark.django_db
def test_real_problems_are_imported_as_exams_of_thirty():
    problems = [{**problem, "number": 0} for problem in OWN]
    problems += [
        as_problem(row, kind)
        for rows, kind in ((ANSWERS, "expression"), (PROOFS, "proof"))
        for row in rows
        if (row["Problem ID"], "Problem") not in REFUSED
    ]
    figures = {"square.svg": DEMO.with_name("square.svg").read_bytes()}
    for first in range(0, len(problems), 30):
        exam = problems[first : first + 30]
        tree = {
            "format": "examgrader/1",
            "slug": f"real-{first}",
            "title": "Real problems",
            "zone": "UTC",
            "problems": [{**problem, "number": number} for number, problem in enumerate(exam, start=1)],
        }
        imported = import_exam_tree(tree=tree, figures=figures, actor=None, now=NOW)
        assert imported.problem_count == len(exam)
    assert (
        Problem.objects.count()
        == len(problems)
        == len(OWN)
        + len(ANSWERS + PROOFS)
        - len([key for key in REFUSED if key[1] == "Problem" and (ANSWERS or PROOFS)])
    )
    assert not StatementVersion.objects.filter(html="").exists()
