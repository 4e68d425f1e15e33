"""Choices as organisers type them: one a line, as in "A: 42"."""

import re
from collections.abc import Mapping, Sequence

_CHOICE = re.compile(r"([^\s:]{1,10}):\s*(.*)")


class ChoicesUnreadable(ValueError):
    """Text that does not read as choices; the message is for whoever wrote it."""


def choices_as_text(choices: Sequence[Mapping[str, str]]) -> str:
    return "\n".join(f"{choice['label']}: " + choice["text"].replace("\n", "\n  ") for choice in choices)


def choices_from_text(text: str) -> list[dict[str, str]]:
    """The choices of a text field; a line that begins with spaces goes on with the choice above it."""
    choices: list[dict[str, str]] = []
    for line in text.replace("\r\n", "\n").rstrip().split("\n"):
        if not line.strip() or line.startswith(" "):
            if choices:
                choices[-1]["text"] += "\n" + line.removeprefix("  ")
            continue
        match = _CHOICE.fullmatch(line)
        if match is None:
            raise ChoicesUnreadable(f"“{line}” has no label; write it as in “A: 42”.")
        choices.append({"label": match[1], "text": match[2]})
    if any(not choice["text"].strip() for choice in choices):
        raise ChoicesUnreadable("A choice is blank.")
    return choices
