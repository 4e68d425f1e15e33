"""Exam files: YAML, JSON, or a ZIP of one of them with its figures; from bytes to a tree of plain values.

YAML is read from its events, without tags, anchors or guesses: everything that is not true, false or empty is
text as written. So `007` stays 007, `no` is not false, and no alias can multiply.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

MAX_BYTES = 4 * 1024 * 1024
MAX_ZIP_BYTES = 64 * 1024 * 1024
MAX_FIGURE_BYTES = 5 * 1024 * 1024
MAX_ZIP_ENTRIES = 500
MAX_DEPTH = 12
EXTENSIONS = (".yaml", ".yml", ".json", ".zip")
FIGURE_EXTENSIONS = (".svg", ".png")


class DocumentError(ValueError):
    """A file that cannot be read at all."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message if line is None else f"line {line}: {message}")


@dataclass(frozen=True, slots=True)
class Document:
    """A tree, the line of each of its places where the format tells it, and figures by name.

    `literal` holds the places whose text begins on the line after (YAML's `|`): there lines can be counted.
    """

    tree: Any
    lines: Mapping[str, int] = field(default_factory=dict)
    literal: frozenset[str] = frozenset()
    figures: Mapping[str, bytes] = field(default_factory=dict)

    def line_of(self, place: str, text_line: int | None = None) -> int | None:
        """The line of a place (and of a line within its text), or of the nearest place around it."""
        if text_line is not None and place in self.literal:
            return self.lines[place] + text_line
        while place:
            if place in self.lines:
                return self.lines[place]
            place = place[: max(place.rfind("."), place.rfind("["), 0)]
        return self.lines.get("")


def read(data: bytes, name: str) -> Document:
    """Read an exam file; its name's ending tells the format."""
    suffix = PurePosixPath(name.lower()).suffix
    if suffix == ".zip":
        return _read_zip(data)
    if len(data) > MAX_BYTES:
        raise DocumentError(f"larger than {MAX_BYTES // 1024 // 1024} MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError("is not UTF-8 text", line=data[: error.start].count(b"\n") + 1) from error
    if suffix == ".json":
        return _read_json(text)
    if suffix in {".yaml", ".yml"}:
        return _read_yaml(text)
    raise DocumentError(f"is named neither of {', '.join(EXTENSIONS)}")


def _read_json(text: str) -> Document:
    def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for key, value in pairs:
            if key in tree:
                raise DocumentError(f"the key {key} stands twice in one object")
            tree[key] = value
        return tree

    try:
        # Numbers stay as written: 0.1 is no float here, and 1e400 no infinity.
        tree = json.loads(text, object_pairs_hook=without_duplicates, parse_float=str, parse_int=str)
    except json.JSONDecodeError as error:
        raise DocumentError(f"is not JSON: {error.msg}", line=error.lineno) from error
    except RecursionError as error:
        raise DocumentError("is nested too deeply") from error
    return Document(tree)


_PLAIN: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(slots=True)
class _Open:
    """A YAML mapping or list that is still being read."""

    value: Any
    place: str
    key: str | None = None
    key_line: int = 0


def _read_yaml(text: str) -> Document:
    import yaml  # noqa: PLC0415

    lines: dict[str, int] = {}
    literal: set[str] = set()
    roots: list[Any] = []
    stack: list[_Open] = []
    try:
        events: Iterator[Any] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        for event in events:
            line = event.start_mark.line + 1
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise DocumentError("anchors and aliases (& and *) are not understood", line=line)
            if getattr(event, "tag", None):
                raise DocumentError("tags (!) are not understood", line=line)
            if isinstance(event, yaml.CollectionEndEvent):
                stack.pop()
            elif isinstance(event, yaml.ScalarEvent):
                place = _place_value(stack, roots, _scalar(event), lines, line)
                if event.style == "|" and place is not None:
                    literal.add(place)
            elif isinstance(event, yaml.CollectionStartEvent):
                if len(stack) == MAX_DEPTH:
                    raise DocumentError("is nested too deeply", line=line)
                value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
                place = _place_value(stack, roots, value, lines, line)
                stack.append(_Open(value, place or ""))
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        where = mark.line + 1 if mark else None
        raise DocumentError(f"is not YAML: {error.problem or error.context}", line=where) from error
    except yaml.YAMLError as error:
        raise DocumentError(f"is not YAML: {error}") from error
    if len(roots) != 1:
        raise DocumentError("holds no exam" if not roots else "holds more than one document")
    return Document(roots[0], lines, frozenset(literal))


def _scalar(event: Any) -> str | bool | None:
    text = str(event.value)
    is_plain = not event.style and event.implicit[0]
    return _PLAIN.get(text, text) if is_plain else text


def _place_value(
    stack: list[_Open], roots: list[Any], value: Any, lines: dict[str, int], line: int
) -> str | None:
    """Put a value where the reading stands; its place, or None where it is a key."""
    if not stack:
        roots.append(value)
        lines[""] = line
        return ""
    top = stack[-1]
    if isinstance(top.value, list):
        place = f"{top.place}[{len(top.value)}]"
        top.value.append(value)
    elif top.key is None:
        if not isinstance(value, str):
            raise DocumentError("a key is not plain text", line=line)
        if value in top.value:
            raise DocumentError(f"the key {value} stands twice", line=line)
        top.key, top.key_line = value, line
        return None
    else:
        place = f"{top.place}.{top.key}" if top.place else top.key
        top.value[top.key], top.key = value, None
        if isinstance(value, dict | list):
            line = top.key_line  # a list may begin on the next line; people look for its name
    lines[place] = line
    return place


def _read_zip(data: bytes) -> Document:
    if len(data) > MAX_ZIP_BYTES:
        raise DocumentError(f"larger than {MAX_ZIP_BYTES // 1024 // 1024} MB")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read_archive(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise DocumentError("is not a ZIP file that can be read") from error


def _read_archive(archive: zipfile.ZipFile) -> Document:
    entries = [entry for entry in archive.infolist() if not _is_debris(entry)]
    if len(entries) > MAX_ZIP_ENTRIES:
        raise DocumentError(f"holds more than {MAX_ZIP_ENTRIES} files")
    exams = [entry for entry in entries if entry.filename.lower().endswith((".yaml", ".yml", ".json"))]
    if len(exams) != 1:
        raise DocumentError(f"holds {len(exams)} YAML or JSON files, expected one")
    document = read(_unpacked(archive, exams[0], MAX_BYTES), exams[0].filename)
    figures: dict[str, bytes] = {}
    for entry in entries:
        name = PurePosixPath(entry.filename).name
        if not name.lower().endswith(FIGURE_EXTENSIONS):
            continue
        if name in figures:
            raise DocumentError(f"holds two figures named {name}")
        figures[name] = _unpacked(archive, entry, MAX_FIGURE_BYTES)
    return Document(document.tree, document.lines, document.literal, figures)


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    """The size that an entry declares may be a lie: what is read is limited as well."""
    with archive.open(entry) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise DocumentError(f"{entry.filename} is larger than {limit // 1024 // 1024} MB")
    return data


def _is_debris(entry: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(entry.filename)
    return entry.is_dir() or name.parts[0] == "__MACOSX" or name.name.startswith(".")
