"""What a browser reads from our pages: hidden fields, the paper's answers, what it loads beside them.

Regular expressions, on pages that are our own: a parser would cost the crowd more than its calls do. What is
long is cut by its marks, for a pattern goes through it letter by letter.
"""

import re
from dataclasses import dataclass
from html import unescape

CSRF = re.compile(r'name="csrfmiddlewaretoken"\s+value="([^"]+)"')
DATA = re.compile(r'\sdata-([a-z-]+)="([^"]*)"')
PAPER = re.compile(r'<form id="paper"(.*?)>', re.DOTALL)
ARTICLE, ITS_END = '<article class="problem"', "</article>"
OP = re.compile(r'name="op-\d+"\s+value="([^"]+)"')
RADIO = re.compile(r'<input type="radio"(.*?)>', re.DOTALL)
VALUE = re.compile(r'\svalue="([^"]*)"')
FIELD = re.compile(r'<input class="input"(.*?)>', re.DOTALL)
TEXTAREA = re.compile(r"<textarea[^>]*>\n?(.*?)</textarea>", re.DOTALL)
ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')


class UnexpectedPage(Exception):
    """The page is not the one that was asked for."""


@dataclass(frozen=True)
class Field:
    """One problem as the page shows it."""

    number: int
    kind: str
    labels: tuple[str, ...]
    text: str
    revision: int
    op: str


@dataclass(frozen=True)
class PaperPage:
    """The paper with all its page needs to save."""

    submission: str
    device: str
    save_url: str
    save_token: str
    notices: int
    csrf: str
    fields: tuple[Field, ...]


def csrf_of(page: str) -> str:
    found = CSRF.search(page)
    if found is None:
        raise UnexpectedPage("no form on this page")
    return found[1]


def assets_of(page: str) -> list[str]:
    """Stylesheets, scripts and icons of this page, each once."""
    return list(dict.fromkeys(ASSET.findall(page)))


def read_paper(page: str) -> PaperPage:
    form = PAPER.search(page)
    if form is None:
        raise UnexpectedPage("no paper on this page")
    data = {name: unescape(value) for name, value in DATA.findall(form[1])}
    return PaperPage(
        submission=data["submission"],
        device=data["device"],
        save_url=data["save-url"],
        save_token=data["save-token"],
        notices=int(data["notices"]),
        csrf=csrf_of(page),
        fields=tuple(read_field(rest.partition(ITS_END)[0]) for rest in page.split(ARTICLE)[1:]),
    )


def read_field(article: str) -> Field:
    data = dict(DATA.findall(article.partition(">")[0]))
    op = OP.search(article)
    radios = [radio for radio in RADIO.findall(article) if "answer-" in radio]
    labels = [unescape(value[1]) for radio in radios if (value := VALUE.search(radio))]
    return Field(
        number=int(data["number"]),
        kind=data["kind"],
        labels=tuple(label for label in labels if label),
        text=_choice(radios) if radios else _text(article),
        revision=int(data["revision"]),
        op=op[1] if op else "",
    )


def _choice(radios: list[str]) -> str:
    checked = next((radio for radio in radios if re.search(r"\schecked\b", radio)), "")
    value = VALUE.search(checked)
    return unescape(value[1]) if value else ""


def _text(article: str) -> str:
    if area := TEXTAREA.search(article):
        return unescape(area[1])
    field = FIELD.search(article)
    value = VALUE.search(field[1]) if field else None
    return unescape(value[1]) if value else ""
