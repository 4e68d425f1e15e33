"""SVG: parsed without entities, copied element by element along an allow-list, written in one canonical form.

Styles become presentation attributes, so that the result needs no leave from a content security policy.
Foreign namespaces (what drawing programs note for themselves) and unknown attributes are left out. Whatever
acts or loads (scripts, handlers, references to elsewhere, raster images, style sheets) refuses the whole
file: a figure without a part that its author drew would be a wrong figure.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from apps.core.images.refusals import ImageTooLarge, NotAnImage, UnsafeImage

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_BYTES = 1024 * 1024
MAX_ELEMENTS = 10_000
MAX_DEPTH = 60
# `use` draws a part again, a part of parts again and again: counted as if written out.
MAX_DRAWN = 50_000
MAX_SIDE = 5_000

_SVG = "{http://www.w3.org/2000/svg}"
_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"

_ELEMENTS = {
    "svg", "g", "defs", "symbol", "use", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
    "text", "tspan", "title", "desc", "clipPath", "mask", "marker", "pattern", "linearGradient",
    "radialGradient", "stop",
}  # fmt: skip
_WITH_TEXT = {"text", "tspan", "title", "desc"}
_STYLED = {
    "fill", "fill-opacity", "fill-rule", "stroke", "stroke-width", "stroke-opacity", "stroke-linecap",
    "stroke-linejoin", "stroke-miterlimit", "stroke-dasharray", "stroke-dashoffset", "opacity", "color",
    "clip-path", "clip-rule", "mask", "marker-start", "marker-mid", "marker-end", "stop-color",
    "stop-opacity", "font-family", "font-size", "font-style", "font-weight", "font-variant", "font-stretch",
    "text-anchor", "dominant-baseline", "alignment-baseline", "baseline-shift", "letter-spacing",
    "word-spacing", "text-decoration", "writing-mode", "direction", "display", "visibility", "overflow",
    "paint-order", "vector-effect", "shape-rendering", "text-rendering",
}  # fmt: skip
_ATTRIBUTES = _STYLED | {
    "id", "x", "y", "x1", "y1", "x2", "y2", "dx", "dy", "cx", "cy", "r", "rx", "ry", "fx", "fy", "width",
    "height", "d", "points", "transform", "viewBox", "preserveAspectRatio", "offset", "gradientUnits",
    "gradientTransform", "spreadMethod", "clipPathUnits", "maskUnits", "maskContentUnits", "markerUnits",
    "markerWidth", "markerHeight", "refX", "refY", "orient", "patternUnits", "patternContentUnits",
    "patternTransform", "rotate", "textLength", "lengthAdjust", "pathLength", "href",
}  # fmt: skip

_LOCAL_URL = re.compile(r"url\(\s*(['\"]?)#[\w.:-]+\1\s*\)")
_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)(px|pt|pc|mm|cm|in|)\s*")
_PIXELS = {
    "": Decimal(1),
    "px": Decimal(1),
    "pt": Decimal(96) / 72,
    "pc": Decimal(16),
    "mm": Decimal(96) / Decimal("25.4"),
    "cm": Decimal(96) / Decimal("2.54"),
    "in": Decimal(96),
}


def rebuild(data: bytes) -> tuple[bytes, int, int]:
    """Content, width and height (in CSS pixels) of the drawing in `data`."""
    from xml.etree import ElementTree as ET  # noqa: PLC0415 - writes only; reading is defusedxml's

    root = _parsed(data)
    if root.tag != f"{_SVG}svg":
        raise NotAnImage("This file is not an SVG drawing.")
    _check_size(root)
    clean = _copy(root)
    _check_drawn(clean)
    width, height = _give_size(clean)
    # Unprefixed names and sorted attributes: the same drawing gives the same bytes.
    text = ET.canonicalize(ET.tostring(clean, encoding="unicode"))
    return (text + "\n").encode(), width, height


def _parsed(data: bytes) -> "Element":
    from xml.etree.ElementTree import ParseError  # noqa: PLC0415

    from defusedxml import DefusedXmlException, ElementTree  # noqa: PLC0415

    if len(data) > MAX_BYTES:
        raise ImageTooLarge(f"An SVG drawing may have {MAX_BYTES // 1024} KB.")
    try:
        root: Element = ElementTree.fromstring(data)
    except DefusedXmlException as error:
        raise UnsafeImage("The drawing declares entities; save it as plain SVG.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise NotAnImage(f"The drawing is not well-formed XML: {error}.") from error
    return root


def _check_size(root: "Element") -> None:
    def depth_of(element: "Element") -> Iterator[int]:
        stack = [(element, 1)]
        while stack:
            current, depth = stack.pop()
            yield depth
            stack.extend((child, depth + 1) for child in current)

    count = 0
    for count, depth in enumerate(depth_of(root), start=1):
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise ImageTooLarge("The drawing has too many parts.")


def _copy(element: "Element") -> "Element":
    from xml.etree.ElementTree import Element as NewElement  # noqa: PLC0415

    name = element.tag.removeprefix(_SVG)
    copy = NewElement(name)
    if name in _WITH_TEXT:
        copy.text = element.text
    for attribute, value in _attributes(element, name):
        copy.set(attribute, value)
    for child in element:
        if not isinstance(child.tag, str) or not child.tag.startswith(_SVG):
            continue  # notes of a drawing program
        child_name = child.tag.removeprefix(_SVG)
        if child_name == "metadata":
            continue
        if child_name not in _ELEMENTS:
            raise UnsafeImage(f"The drawing holds <{child_name}>, which a figure may not.")
        part = _copy(child)
        if name in _WITH_TEXT:
            part.tail = child.tail
        copy.append(part)
    return copy


def _attributes(element: "Element", name: str) -> Iterator[tuple[str, str]]:
    for attribute, value in element.attrib.items():
        if attribute.lower().startswith("on"):
            raise UnsafeImage(f"The drawing holds a handler, {attribute}, on <{name}>.")
        if attribute == "style":
            continue
        key = "href" if attribute == _XLINK_HREF else attribute
        if key == "href" and not re.fullmatch(r"#[\w.:-]+", value):
            raise UnsafeImage(f"The drawing refers to something outside itself: {value[:60]}.")
        if key in _ATTRIBUTES:
            yield key, _local(value)
    # After the attributes: in CSS the style wins.
    for declaration in element.get("style", "").split(";"):
        key, _, value = declaration.partition(":")
        if "url(" in value.lower() or key.strip() in _STYLED:
            value = _local(value.replace("!important", "").strip())
            if key.strip() in _STYLED and value:
                yield key.strip(), value


def _local(value: str) -> str:
    """The value, if whatever it points to lies in the drawing itself."""
    rest = _LOCAL_URL.sub("", value)
    # A backslash or a comment could spell "url(" in a way that a search does not see.
    if re.search(
        r"url\s*\(|\\|/\*|image\s*\(|image-set|javascript:|data:|expression\s*\(|@import", rest, re.IGNORECASE
    ):
        raise UnsafeImage(f"The drawing refers to something outside itself: {value[:60]}.")
    return value


def _check_drawn(root: "Element") -> None:
    """Refuse parts that are used within themselves and parts whose uses multiply."""
    by_id: dict[str, Element] = {}
    for element in root.iter():
        by_id.setdefault(element.get("id", ""), element)
    drawn: dict[int, int] = {}
    entered: set[int] = set()

    def count(element: "Element", depth: int) -> int:
        key = id(element)
        if key in drawn:
            return drawn[key]
        if key in entered:
            raise UnsafeImage("A part of the drawing is used within itself.")
        if depth > 2 * MAX_DEPTH:
            raise ImageTooLarge("The drawing has too many parts.")
        entered.add(key)
        total = 1 + sum(count(child, depth + 1) for child in element)
        target = by_id.get(element.get("href", "").removeprefix("#")) if element.tag == "use" else None
        if target is not None:
            total += count(target, depth + 1)
        if total > MAX_DRAWN:
            raise ImageTooLarge("The drawing has too many parts.")
        drawn[key] = total
        return total

    count(root, 1)


def _give_size(root: "Element") -> tuple[int, int]:
    """Both a size and a view box, so that the page knows the room it needs and the drawing scales."""
    box = [number for number in re.split(r"[\s,]+", root.get("viewBox", "").strip()) if number]
    sides = [_pixels(root.get("width", "")), _pixels(root.get("height", ""))]
    if len(box) == 4:  # noqa: PLR2004 - x, y, width, height
        own = [_positive(box[2]), _positive(box[3])]
        sides = own if None in sides else sides
    if sides[0] is None or sides[1] is None:
        raise NotAnImage("The drawing has no size: give it a viewBox, or a width and a height.")
    width, height = (max(1, round(side)) for side in sides if side is not None)
    if max(width, height) > MAX_SIDE:
        raise ImageTooLarge(f"The drawing measures {width} by {height}; a figure may measure {MAX_SIDE}.")
    if len(box) != 4:  # noqa: PLR2004
        root.set("viewBox", f"0 0 {width} {height}")
    root.set("width", str(width))
    root.set("height", str(height))
    root.set("xmlns", _SVG[1:-1])
    return width, height


def _pixels(length: str) -> Decimal | None:
    match = _LENGTH.fullmatch(length)
    return (Decimal(match[1]) * _PIXELS[match[2]] or None) if match else None


def _positive(number: str) -> Decimal | None:
    match = re.fullmatch(r"\d+(?:\.\d+)?", number)
    return Decimal(number) if match and Decimal(number) > 0 else None
