"""Statements, solutions and instructions: Markdown with LaTeX to static, sanitised HTML."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from apps.core.markup.engine import KATEX_VERSION
from apps.core.markup.errors import MarkupError
from apps.core.markup.held import PlaceHeldText

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# Stored beside the HTML: rows of an older renderer can be found and rendered anew.
RENDERER = f"md1-katex{KATEX_VERSION}"
MAX_SOURCE = 60_000

_TAGS = {
    "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p", "pre",
    "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"img": {"src", "alt"}, "ol": {"start"}, "td": {"class"}, "th": {"class"}}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Rendered:
    html: str
    renderer: str = RENDERER


def render_statement(
    source: str, *, figure_url: Callable[[str], str | None], top_heading: int = 3
) -> Rendered:
    """Render what an organiser wrote, or raise `MarkupError` with the place of what cannot be shown.

    `figure_url` names the address of a figure, or None where there is no such figure. Headings are moved
    below the page's own: the highest one used becomes `top_heading`, whatever level its author began with.
    """
    import nh3  # noqa: PLC0415 - only those who edit pay for it

    source = source.replace("\r\n", "\n").replace("\r", "\n")
    if len(source) > MAX_SOURCE:
        raise MarkupError(f"longer than {MAX_SOURCE} characters", line=1, column=1)
    if control := _CONTROL.search(source):
        raise MarkupError.at(source, control.start(), f"control character U+{ord(control.group()):04X}")

    text = PlaceHeldText(source)
    tokens = _markdown().parse(text.markdown)
    _check_and_point(tokens, text, figure_url)
    _nest_headings(tokens, top_heading)
    # What people wrote is cleaned first. KaTeX's own output, full of classes and styles, goes in afterwards.
    clean = nh3.clean(
        _markdown().renderer.render(tokens, _markdown().options, {}),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=set(),
        link_rel=None,
    )
    return Rendered(html=text.with_formulas(clean).strip())


@cache
def _markdown() -> "MarkdownIt":
    """CommonMark with tables, without what a statement has no use for.

    Indented code would swallow indented paragraphs, and underlined headings the line above some dashes.
    """
    from markdown_it import MarkdownIt  # noqa: PLC0415

    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    # Every address is looked at, and none is followed: names of figures stay as they were written.
    markdown.validateLink = lambda url: True  # type: ignore[method-assign]
    markdown.normalizeLink = lambda url: url  # type: ignore[method-assign]
    return markdown.disable(["code", "lheading", "html_block", "html_inline", "reference", "autolink"])


def _check_and_point(
    tokens: "Sequence[Token]", text: PlaceHeldText, figure_url: Callable[[str], str | None]
) -> None:
    """Refuse links and unknown or mute figures; give each figure its address."""
    for block in tokens:
        _keep_alignment(block)
        if block.type == "fence":
            block.info = ""
        line = block.map[0] if block.map else 0
        for token in block.children or ():
            if token.type in {"softbreak", "hardbreak"}:
                line += 1
            elif token.type == "link_open":
                raise MarkupError(
                    "links are not allowed, nobody may be led away from a paper",
                    line=text.line(line),
                    column=1,
                )
            elif token.type == "image":
                _point(token, text, figure_url, line=text.line(line))


def _point(
    image: "Token", text: PlaceHeldText, figure_url: Callable[[str], str | None], *, line: int
) -> None:
    name = text.with_sources(str(image.attrs.get("src", "")))
    alt = text.with_sources("".join(_plain_words(image.children or ()))).strip()
    if not alt:
        raise MarkupError(
            f"the figure {name} has no text for those who cannot see it; write ![text]({name})",
            line=line,
            column=1,
            excerpt=name,
        )
    url = figure_url(name)
    if url is None:
        raise MarkupError(f"there is no figure named {name}", line=line, column=1, excerpt=name)
    # An address is its own; nothing that was written in the statement reaches the tag except the text.
    image.attrs = {"src": url, "alt": alt}
    image.children = []
    image.type = "figure"


def _plain_words(tokens: "Sequence[Token]") -> Iterator[str]:
    for token in tokens:
        yield "\n" if token.type in {"softbreak", "hardbreak"} else token.content


def _keep_alignment(block: "Token") -> None:
    """Column alignment comes as an inline style; a class does not need the policy's permission."""
    style = str(block.attrs.pop("style", ""))
    if style.startswith("text-align:"):
        block.attrs["class"] = "align-" + style.removeprefix("text-align:")


def _nest_headings(tokens: "Sequence[Token]", top: int) -> None:
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    used = sorted({token.tag for token in headings})
    for token in headings:
        token.tag = f"h{min(top + used.index(token.tag), 6)}"
