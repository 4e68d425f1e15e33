"""Seeded defects: the harness must catch each, or its "held" means nothing.

A defect is a patch in `chaos/defects/` whose first lines say what it is, which case is to catch it, and by
which of its figures (how its name begins):

    Defect: the answer goes out before the commit
    Case: workers
    Figure: lost

It is applied to a copy of the tree, and the case runs there. It is caught if that very figure is broken: one
that a slow machine broke proves nothing, nor does a case that could not run. The control is the same case on
a copy without a patch, where the figure must hold.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.outcome import Figure, Outcome

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(__file__).parent / "defects"
LEFT_OUT = (
    ".git",
    ".venv",
    "var",
    "node_modules",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    "__pycache__",
)
LONGEST_SECONDS = 240
CONTESTANTS, MINUTES = 150, 8
LAST_WORDS = 300


class DoesNotApply(Exception):
    """The code has moved on: the patch has to follow."""


@dataclass(frozen=True)
class Defect:
    """A patch, what is wrong with it, the case that is to notice, and the figure that shows it."""

    name: str
    path: Path
    purpose: str
    case: str
    figure: str

    @property
    def is_of_schema(self) -> bool:
        """A prepared database would not have it."""
        return "/migrations/" in self.path.read_text()


@dataclass(frozen=True)
class Catch:
    name: str
    purpose: str
    case: str
    is_caught: bool
    seen: str


def list_defects() -> list[Defect]:
    return [read_defect(path) for path in sorted(FOLDER.glob("*.patch"))]


def read_defect(path: Path) -> Defect:
    head = path.read_text().partition("\n---")[0].splitlines()
    told = dict(line.split(": ", 1) for line in head if ": " in line)
    return Defect(path.stem, path, told["Defect"], told["Case"], told["Figure"])


def apply(defect: Defect, tree: Path) -> None:
    """Patch a tree; refuses with `DoesNotApply` anything but a clean fit."""
    # Outside of a repository git takes the paths as they are; a .git above the copy would bend them.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    done = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", str(defect.path)],
        cwd=tree, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise DoesNotApply(f"{defect.path.name}: {done.stderr.strip()}")


def copy_tree(folder: Path) -> Path:
    tree = folder / "tree"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    return tree


def catch_all(
    names: Sequence[str],
    *,
    template: Path,
    seed: int,
    healthy: Sequence[Outcome],
    say: Callable[[str], None],
) -> Iterator[Catch]:
    """Try each; the controls are the cases that ran already (`healthy`), and are run where they did not."""
    wanted = [one for one in list_defects() if names == ["all"] or one.name in names]
    say(f"{len(wanted)} seeded defects, each in a copy of the tree.")
    controls: dict[str, Seen] = {}
    for case in dict.fromkeys(one.case for one in wanted):
        ran = [figure for one in healthy if one.case == case for figure in one.figures]
        controls[case] = Seen(ran, "") if ran else observe(case, None, template=template, seed=seed)
    for defect in wanted:
        prepared = None if defect.is_of_schema else template
        seen = observe(defect.case, defect, template=prepared, seed=seed)
        catch = judge(defect, controls[defect.case], seen)
        verdict = "caught" if catch.is_caught else "MISSED"
        say(f"  {verdict:11}  {defect.purpose} ({defect.case}): {catch.seen}")
        yield catch


@dataclass(frozen=True)
class Seen:
    """What a case in a copy of the tree came to; `words` where it came to nothing."""

    figures: Sequence[Figure]
    words: str

    def find(self, begins: str) -> list[Figure]:
        return [one for one in self.figures if one.name.startswith(begins)]


def judge(defect: Defect, control: Seen, seen: Seen) -> Catch:
    healthy = control.find(defect.figure)
    broken = [one for one in seen.find(defect.figure) if one.holds is False]
    if not healthy or any(one.holds is False for one in healthy):
        words = f"the control is not sound: {'; '.join(one.words for one in healthy) or control.words}"
    elif broken:
        words = f"{broken[0].words}; without it {healthy[0].value}"
    else:
        words = "; ".join(one.words for one in seen.find(defect.figure)) or seen.words
    is_caught = bool(broken) and bool(healthy) and all(one.holds is not False for one in healthy)
    return Catch(defect.name, defect.purpose, defect.case, is_caught, words)


def observe(case: str, defect: Defect | None, *, template: Path | None, seed: int) -> Seen:
    """Run a case in a copy of the tree, patched or not."""
    with tempfile.TemporaryDirectory(prefix="chaos-copy-") as place:
        tree = copy_tree(Path(place))
        if defect is not None:
            apply(defect, tree)
        found = Path(place) / "figures.json"
        command = [sys.executable, "-m", "chaos.run", "--only", case, "--json", str(found)]
        command += ["--contestants", str(CONTESTANTS), "--minutes", str(MINUTES), "--seed", str(seed)]
        if template is not None:
            command += ["--template", str(template)]
        words = run(command, tree)
        trees = json.loads(found.read_text())["outcomes"] if found.exists() else []
    outcomes = [Outcome.from_tree(one) for one in trees]
    errors = [one.error for one in outcomes if one.error]
    figures = [figure for one in outcomes for figure in one.figures]
    return Seen(figures, "; ".join(errors) or words[-LAST_WORDS:].strip())


def run(command: Sequence[str], tree: Path) -> str:
    """Run to its end; what it said. It is told to stop before it is killed, so that it stops its servers."""
    process = subprocess.Popen(
        command,
        cwd=tree,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        return process.communicate(timeout=LONGEST_SECONDS)[0]
    except subprocess.TimeoutExpired:
        process.terminate()
        return process.communicate()[0] + "\nIt took too long."
    except BaseException:
        process.terminate()
        process.wait()
        raise
