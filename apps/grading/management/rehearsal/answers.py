"""One answer as a page of the crowd knows it, and how it moves (as static/js/paper/answer.js)."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from apps.grading.management.rehearsal.pages import Field

MOST_REPEATS = 3


@dataclass
class Edit:
    op: str
    text: str
    based_on: int | None


@dataclass
class Answer:
    """One answer as this page knows it."""

    shown: Field
    text: str
    saved: str
    revision: int
    kept: str | None = None
    queue: list[Edit] = field(default_factory=list)
    repeats: int = 0
    is_in_conflict: bool = False

    @classmethod
    def served(cls, shown: Field) -> "Answer":
        return cls(shown=shown, text=shown.text, saved=shown.text, revision=shown.revision)

    @property
    def is_unsent(self) -> bool:
        return bool(self.queue) or self._has_new_text

    @property
    def _has_new_text(self) -> bool:
        return self.text not in {self.saved, self.kept}

    def next_edit(self) -> Edit | None:
        if not self.queue and self._has_new_text:
            self.queue.append(Edit(str(uuid.uuid4()), self.text, self.revision))
        return self.queue[0] if self.queue else None

    def settle(self, result: dict[str, Any], *, is_writer: bool) -> None:
        """Enter what the server said about one edit."""
        edit = next((one for one in self.queue if one.op == result["op"]), None)
        if edit is None or result["state"] not in {"current", "late", "conflict"}:
            return  # in the second case the same op is still under way elsewhere
        self.queue.remove(edit)
        if result["state"] == "current":
            if result["revision"] >= self.revision:
                self.revision, self.saved, self.kept, self.repeats = result["revision"], edit.text, None, 0
        elif result["state"] == "late":
            self.kept = edit.text
        else:
            self._enter_conflict(edit, result, is_writer=is_writer)

    def _enter_conflict(self, edit: Edit, result: dict[str, Any], *, is_writer: bool) -> None:
        theirs = result.get("head_text") or ""
        if theirs == self.text:
            self.saved, self.revision, self.kept = theirs, result["head"], None
        elif not is_writer:
            self.kept = edit.text
        elif result["head"] == edit.based_on and self.repeats < MOST_REPEATS:
            self.repeats += 1
        else:
            # "This one counts": whoever sits here takes the text at hand, on top of the other.
            self.saved, self.revision, self.kept = theirs, result["head"], None

    def reconciled(self, shown: Field) -> "Answer":
        """The answer on a page that was opened anew, with what this device had not sent yet."""
        served = Answer.served(shown)
        if self.text == shown.text or (self.text == self.saved and shown.revision >= self.revision):
            return served
        is_following = (
            shown.revision < self.revision
            or (shown.revision == self.revision and shown.text == self.saved)
            or (shown.revision == self.revision + 1 and any(edit.text == shown.text for edit in self.queue))
        )
        served.text = self.text
        if is_following:
            served.queue = [
                edit for edit in self.queue if edit.text != shown.text and shown.revision >= self.revision
            ]
        return served
