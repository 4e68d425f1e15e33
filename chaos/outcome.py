"""What a case found: figures beside what was asked, and whether the promise held."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One number. `aim` is what was asked, in words; `holds` None: told, not judged."""

    name: str
    value: str
    aim: str = ""
    holds: bool | None = None

    @property
    def words(self) -> str:
        return f"{self.name} {self.value}"


@dataclass
class Outcome:
    """One row of the report: a test of the list, what was done, what came of it."""

    test: str
    title: str
    done: str = ""
    figures: list[Figure] = field(default_factory=list)
    error: str = ""
    skipped: str = ""
    seconds: float = 0.0
    case: str = ""

    def tell(self, name: str, value: object, aim: str = "") -> None:
        """A figure for information, perhaps beside the number that the list asks for."""
        self.figures.append(Figure(name, shown(value), aim))

    def most(self, name: str, value: float, limit: float, unit: str = "") -> None:
        self._judge(name, value, f"≤ {shown(limit)}{unit}" if limit else "0", unit, holds=value <= limit)

    def least(self, name: str, value: float, limit: float, unit: str = "") -> None:
        self._judge(name, value, f"≥ {shown(limit)}{unit}", unit, holds=value >= limit)

    def must(self, name: str, *, holds: bool, value: object = "") -> None:
        self.figures.append(
            Figure(name, shown(value) if value != "" else ("yes" if holds else "NO"), "yes", holds)
        )

    def _judge(self, name: str, value: float, aim: str, unit: str, *, holds: bool) -> None:
        self.figures.append(Figure(name, f"{shown(value)}{unit}", aim, holds))

    @property
    def holds(self) -> bool:
        return not self.error and all(figure.holds is not False for figure in self.figures)

    @property
    def verdict(self) -> str:
        if self.error:
            return "DID NOT RUN"
        if self.skipped:
            return "not possible here"
        return "held" if self.holds else "BROKEN"

    def as_tree(self) -> dict[str, Any]:
        return {**asdict(self), "verdict": self.verdict}

    @classmethod
    def from_tree(cls, tree: dict[str, Any]) -> "Outcome":
        figures = [Figure(**one) for one in tree["figures"]]
        return cls(
            **{name: tree[name] for name in ("test", "title", "done", "error", "skipped", "seconds", "case")},
            figures=figures,
        )


def shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"  # noqa: PLR2004
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
