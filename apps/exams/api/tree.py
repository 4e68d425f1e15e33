"""The tree of `examgrader/1` (CONTRACT, "Files") as the schema tells it.

The reader of files takes a number where a text is wanted, as it is written; what the schema cannot say, such
as that a label of `accepted` is among `choices`, is refused as `invalid_exam_file`, fault by fault.
"""

from typing import Any

from apps.exams.enums import ClockKind, LateStart, ProblemKind, ResultsPolicy
from apps.exams.rules import drafts


def text(description: str = "", **rules: Any) -> dict[str, Any]:
    described = {"type": ["string", "number"], **rules}
    return {**described, "description": description} if description else described


def optional(kind: dict[str, Any]) -> dict[str, Any]:
    """Null is as good as missing."""
    types = kind["type"] if isinstance(kind["type"], list) else [kind["type"]]
    nullable = {**kind, "type": [*types, "null"]}
    if "enum" in kind:
        nullable["enum"] = [*kind["enum"], None]
    return nullable


def mapping(required: tuple[str, ...], **members: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            name: member if name in required else optional(member) for name, member in members.items()
        },
        "required": list(required),
        "additionalProperties": False,
    }


def listing(items: dict[str, Any], **rules: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **rules}


def word(values: list[str]) -> dict[str, Any]:
    return {"type": "string", "enum": values}


FLAG = {"type": "boolean"}
TEXT = text()
MOMENT = text("With the zone's own offset, or in UTC.")
TREE = mapping(
    ("format", "slug", "title", "zone", "problems"),
    format=word([drafts.FORMAT]),
    slug=text(),
    title=text(),
    zone=text("For example Europe/Berlin."),
    clock=word(ClockKind.values),
    duration_minutes=text("With a personal clock only."),
    late_start=word(LateStart.values),
    grace_seconds=text("From 0 to 600."),
    blind=FLAG,
    results=word(ResultsPolicy.values),
    instructions=TEXT,
    time_blocks=listing(
        mapping(
            ("name", "opens_at", "closes_at"),
            name=text(),
            zone=text("Where its contestants sit; without it the exam's."),
            opens_at=MOMENT,
            last_entry_at=MOMENT,
            closes_at=MOMENT,
        ),
        maxItems=drafts.MAX_TIME_BLOCKS,
    ),
    problems=listing(
        mapping(
            ("number", "kind", "max_points", "statement"),
            number=text("From 1 to 999."),
            kind=word(ProblemKind.values),
            max_points=text("Above 0 and up to 1000."),
            statement=text("Markdown with LaTeX."),
            choices=listing(mapping(("label", "text"), label=text(), text=text())),
            note=TEXT,
            accepted=listing(TEXT),
            solution=TEXT,
            pages=FLAG,
            not_counted=text("Why it does not count; contestants read it."),
        ),
        minItems=1,
        maxItems=drafts.MAX_PROBLEMS,
    ),
)
EXAMPLE = {
    "format": drafts.FORMAT,
    "slug": "spring-2026",
    "title": "Spring Round",
    "zone": "Europe/Berlin",
    "time_blocks": [
        {
            "name": "Europe",
            "opens_at": "2026-03-14T15:00:00+01:00",
            "closes_at": "2026-03-14T18:00:00+01:00",
        }
    ],
    "problems": [
        {
            "number": 1,
            "kind": "integer",
            "max_points": "7",
            "statement": "What is $6 \\cdot 7$?",
            "accepted": ["42"],
        }
    ],
}
