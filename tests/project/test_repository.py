"""What must hold of the files themselves."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.core.management import get_commands

from examgrader.localservices import BASE_DIR as ROOT

OURS = ["apps", "examgrader", "templates", "static/css", "static/js", "docs", "deploy", "scripts", ".ci"]
TEXT = {".py", ".html", ".css", ".js", ".mjs", ".md", ".txt", ".yaml", ".yml", ".toml", ".sql", ""}
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]

INLINE = {
    "a style element": r"<style\b",
    "a style attribute": r"\sstyle\s*=",
    "a script without src": r"<script\b(?![^>]*\ssrc=)(?![^>]*application/json)",
    "an event attribute": r"<[^>]*\son[a-z]+\s*=\s*[\"']",
    "a javascript: address": r"javascript:",
}


def our_files():
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXT)
    for folder in OURS:
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in TEXT and "__pycache__" not in path.parts:
                yield path


def named(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("template", sorted((ROOT / "templates").rglob("*.html")), ids=named)
def test_templates_hold_no_script_and_no_style_of_their_own(template):
    """The content security policy would block them, and the page would look right only without it."""
    source = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", template.read_text(), flags=re.DOTALL)
    found = [what for what, pattern in INLINE.items() if re.search(pattern, source, re.IGNORECASE)]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        '<p style="color: red">',
        "<style>p {}</style>",
        "<script>go()</script>",
        '<a onclick="go()">',
        "JavaScript:go()",
    ],
)
def test_each_inline_thing_is_found(source):
    assert any(re.search(pattern, source, re.IGNORECASE) for pattern in INLINE.values())


def test_nothing_leads_out_of_the_repository():
    """A clone is all there is: no file relies on a folder beside it."""
    outside = [
        f"{named(path)}: {way}"
        for path in our_files()
        for way in re.findall(r"(?:\.\./)+[\w.-]+", path.read_text())
        if not (path.parent / way).resolve().is_relative_to(ROOT)
    ]
    assert outside == []


def test_no_page_asks_another_host():
    """Scripts, styles, fonts and pictures come from us: an examination room may have no internet."""
    asks = re.compile(r"""(?:src|srcset|@import|url\(|fetch\(|import\()\s*=?\s*["'(]?\s*(?:https?:)?//\w""")
    asking = [
        named(path)
        for folder in ("templates", "static/css", "static/js")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in TEXT and path.is_file() and asks.search(path.read_text())
    ]
    assert asking == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_between_documents_lead_somewhere(document):
    text = re.sub(r"`[^`\n]*`", "", document.read_text())  # code shows how a figure is written
    targets = re.findall(r"\]\((?!https?://|mailto:|#)([^)#\s]+)", text)
    assert [target for target in targets if not (document.parent / unquote(target)).exists()] == []


def sections(path):
    """The names a document can be entered by: its headings as GitHub writes them, and anchors of its own."""
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)">', text))


def dead_links(document):
    text = re.sub(r"`[^`\n]*`", "", document.read_text())
    for name, section in re.findall(r"\]\((?!https?://|mailto:)([^)#\s]*)#([^)\s]+)\)", text):
        there = document.parent / unquote(name) if name else document
        if there.suffix == ".md" and section not in sections(there):
            yield f"{name}#{section}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_lead_to_sections_that_exist(document):
    assert list(dead_links(document)) == []


def test_a_link_to_no_section_is_found(tmp_path):
    document = tmp_path / "guide.md"
    document.write_text("# One\n[a](#one) [b](guide.md#two) [c](#three)\n<a id='x'></a><a id=\"two\"></a>")
    assert list(dead_links(document)) == ["#three"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_commands_in_documents_exist(document):
    text = document.read_text()
    makefile = (ROOT / "Makefile").read_text()
    missing = [
        target
        for target in re.findall(r"`make ([\w-]+)|^make ([\w-]+)", text, re.MULTILINE)
        if not defined(target, makefile)
    ]
    missing += [name for name in re.findall(r"manage\.py (\w+)", text) if name not in get_commands()]
    assert missing == []


def defined(target, makefile):
    return f"\n{''.join(target)}:" in makefile


def test_every_vendored_library_brings_its_licence():
    libraries = [path for path in (ROOT / "static" / "vendor").iterdir() if path.is_dir()]
    assert libraries
    assert [path.name for path in libraries if not licences(path)] == []


def licences(folder: Path):
    return [path for path in folder.iterdir() if path.name.upper().startswith("LICEN")]
