"""Refusals: what a service raises when a rule of the house forbids what was asked."""

from typing import Any, ClassVar


class RuleViolation(Exception):
    """A rule was violated; nothing was changed.

    Subclasses stand beside the function that raises them and are named after the fact
    (`SubmissionClosed`). `message` is a plain sentence for the person who asked; `code` is stable,
    for programs, and `status` is the HTTP status with which the API tells it.
    """

    message: ClassVar[str] = "This is not possible."
    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)

    @property
    def members(self) -> dict[str, Any]:
        """What programs are told besides the sentence."""
        return {}

    def __str__(self) -> str:
        return str(self.args[0])
