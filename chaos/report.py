"""What came of it: lines on the terminal, and the page docs/reliability.md."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from benchmarks.stack import describe_commit, describe_machine
from chaos.outcome import Figure, Outcome
from chaos.seeding import Catch

HEAD = """# What breaks, and what does not

Written by `make chaos` itself; do not edit. A crowd of contestants (the one of `manage.py rehearse`) enters,
writes with the protocol of the real page, hands in, and keeps every edit on disk before and after its call.
Meanwhile what a sitting stands on is broken. Afterwards the journals are compared with the database: an edit
that was acknowledged and is not stored so is *lost*, one that is stored twice a *duplicate*, one that nobody
sent a *phantom*. Everything runs on one machine, crowd included: times are those of a machine that does both.
An immediate stop of PostgreSQL proves that nothing waits in its memory; it does not prove the disk's word
(fsync is on, and asked for).
"""


@dataclass(frozen=True)
class Results:
    about: dict[str, Any]
    outcomes: Sequence[Outcome]
    catches: Sequence[Catch]
    seconds: float
    left_out: Sequence[str] = ()

    @property
    def hold(self) -> bool:
        return all(one.holds for one in self.outcomes) and all(one.is_caught for one in self.catches)

    def as_tree(self) -> dict[str, Any]:
        return {
            **self.about,
            "seconds": round(self.seconds),
            "outcomes": [one.as_tree() for one in self.outcomes],
            "defects": [asdict(one) for one in self.catches],
        }


def about(seed: int, contestants: int, pace: float) -> dict[str, Any]:
    """Asked before anything runs: the load is that of others."""
    return {
        "commit": describe_commit(),
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": describe_machine(),
        "seed": seed,
        "contestants": contestants,
        "minutes": round(30 * pace, 1),
    }


def line(outcome: Outcome) -> str:
    """For the terminal: the verdict, what is broken first."""
    broken = [figure for figure in outcome.figures if figure.holds is False]
    lines = [f"  {outcome.verdict:11}  {outcome.test}: {outcome.title}. {outcome.done}"]
    if outcome.error or outcome.skipped:
        lines.append(f"               {outcome.error or outcome.skipped}")
    lines += [f"               BROKEN: {one.words} ({one.aim})" for one in broken]
    rest = [worded(one) for one in outcome.figures if one.holds is not False]
    if rest:
        lines.append(f"               {'; '.join(rest)}")
    return "\n".join(lines)


def worded(figure: Figure) -> str:
    return f"{figure.words} ({figure.aim})" if figure.aim and figure.aim != "yes" else figure.words


def summary(results: Results) -> str:
    held = sum(one.holds for one in results.outcomes)
    parts = [f"{held} of {len(results.outcomes)} tests held"] if results.outcomes else []
    if results.catches:
        caught = sum(one.is_caught for one in results.catches)
        parts.append(f"{caught} of {len(results.catches)} seeded defects caught")
    return f"{', '.join(parts) or 'Nothing ran'}; {results.seconds / 60:.1f} minutes."


def page(results: Results) -> str:
    told = results.about
    lines = [
        HEAD,
        f"Commit {told['commit']}, {told['at']}; {told['machine']}; seed {told['seed']},"
        f" {told['contestants']:,} contestants, sized for {told['minutes']:g} minutes."
        f" **{summary(results)}**",
        *left_out(results.left_out),
        "",
        "| test | what was done | figures (what was asked) | verdict |",
        "|---|---|---|---|",
    ]
    for one in results.outcomes:
        figures = "; ".join(emphasised(figure) for figure in one.figures) or one.error or one.skipped
        lines.append(row(f"{one.test} {one.title}", one.done, figures, one.verdict))
    if results.catches:
        lines += [
            "",
            "## Seeded defects",
            "",
            "Each is a patch (`chaos/defects/`) on a copy of the tree. All must be caught.",
            "",
            "| defect | caught by | what was seen | verdict |",
            "|---|---|---|---|",
        ]
        lines += [
            row(one.purpose, one.case, one.seen, "caught" if one.is_caught else "MISSED")
            for one in results.catches
        ]
    return "\n".join(lines) + "\n"


def left_out(tests: Sequence[str]) -> list[str]:
    return ["", f"Not in this run (`CHAOS=full make chaos`): {', '.join(tests)}."] if tests else []


def emphasised(figure: Figure) -> str:
    return f"**{worded(figure)}**" if figure.holds is False else worded(figure)


def row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
