"""The seeded defects: they fit the code as it is, and a catch is a catch."""

import subprocess
from pathlib import Path

import pytest

from chaos import seeding
from chaos.cases import CASES
from chaos.outcome import Figure
from chaos.seeding import Defect, DoesNotApply, Seen, judge, list_defects

DEFECTS = list_defects()
AIMED_AT = 12


def test_there_are_as_many_as_the_list_asks_for():
    assert len(DEFECTS) == AIMED_AT


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda one: one.name)
def test_defect_fits_the_tree_and_names_a_case(defect):
    done = subprocess.run(
        ["git", "apply", "--check", str(defect.path)],
        cwd=seeding.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert defect.purpose
    assert defect.figure
    assert defect.case in {case.name for case in CASES}
    # A defect is in the product; a patched harness would catch itself.
    changed = [line for line in defect.path.read_text().splitlines() if line.startswith("+++ b/")]
    assert changed
    assert all(line.startswith(("+++ b/apps/", "+++ b/examgrader/")) for line in changed)


def test_apply_changes_a_copy_and_refuses_what_does_not_fit(tmp_path):
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps" / "one.py").write_text("old = 1\n")
    patch = tmp_path / "wrong.patch"
    patch.write_text(
        "Defect: wrong\nCase: promises\nFigure: lost\n\n"
        "--- a/apps/one.py\n+++ b/apps/one.py\n@@ -1 +1 @@\n-old = 1\n+new = 1\n"
    )
    defect = seeding.read_defect(patch)
    seeding.apply(defect, tmp_path)
    assert (tmp_path / "apps" / "one.py").read_text() == "new = 1\n"
    with pytest.raises(DoesNotApply, match=r"wrong\.patch"):
        seeding.apply(defect, tmp_path)


LOST = Defect("ack", Path("ack.patch"), "the answer goes out early", "workers", "lost")


def figures(**held):
    return Seen([Figure(name, "3", "0", holds) for name, holds in held.items()], "it did not run")


@pytest.mark.parametrize(
    ("control", "seen", "caught"),
    [
        (figures(lost=True), figures(lost=False), True),
        (figures(lost=True), figures(lost=True, slow=False), False),  # broken by something else
        (figures(lost=False), figures(lost=False), False),  # broken without the defect too
        (figures(), figures(lost=False), False),
        (figures(lost=True), figures(), False),  # it did not run
    ],
)
def test_judge_takes_only_the_named_figure_and_a_sound_control(control, seen, caught):
    assert judge(LOST, control, seen).is_caught is caught
