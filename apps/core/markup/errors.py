"""What is wrong with a text that an organiser wrote, and where."""

from typing import Self

from apps.core.errors import RuleViolation


class MarkupError(RuleViolation):
    """A statement that cannot be shown as its author meant it; the place counts from 1."""

    message = "line 3: a formula is not closed"
    code = "invalid_markup"
    status = 400

    def __init__(self, problem: str, *, line: int, column: int, excerpt: str = "") -> None:
        self.problem = problem
        self.line = line
        self.column = column
        self.excerpt = excerpt
        super().__init__(f"line {line}: {problem}")

    @classmethod
    def at(cls, source: str, offset: int, problem: str, *, excerpt: str = "") -> Self:
        before = source[:offset]
        line = before.count("\n") + 1
        return cls(problem, line=line, column=offset - before.rfind("\n"), excerpt=excerpt)
