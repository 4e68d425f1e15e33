"""Contestants' text as a grader reads it: nothing fails, nothing runs, nothing is lost."""

import html as html_module
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.markup import render_answer, render_expression
from apps.core.markup.engine import typeset

MATH = '<span class="math" translate="no">'
DISPLAY = '<span class="math math-display" translate="no">'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("42", "42"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("one\ntwo\r\nthree\rfour", "one<br>two<br>three<br>four"),
        ("*no* markdown `here` # at all", "*no* markdown `here` # at all"),
        ("it costs $5", "it costs $5"),
        (r"$\foo$", r"$\foo$"),
        (r"$\frac{1}$", r"$\frac{1}$"),
        ("$50%$", "$50%$"),
        ("$$ $$", "$$ $$"),
        (r"\emph{x}", r"\emph{x}"),
        (r"\begin{itemize}\item a\end{itemize}", r"\begin{itemize}\item a\end{itemize}"),
        (r"$\href{javascript:alert(1)}{x}$", r"$\href{javascript:alert(1)}{x}$"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ('" onload="alert(1)', "&quot; onload=&quot;alert(1)"),
    ],
)
def test_render_answer_leaves_text_as_typed(text, expected):
    assert render_answer(text) == expected


@pytest.mark.parametrize(
    ("text", "before", "opening", "after"),
    [
        ("so $x$ is", "so ", MATH, " is"),
        (r"so \(x\) is", "so ", MATH, " is"),
        ("so $$x$$ is", "so ", DISPLAY, " is"),
        ("so\n$$x$$\nis", "so", DISPLAY, "is"),
        ("so\n\n\\[x\\]\n\nis", "so<br>", DISPLAY, "<br>is"),
        ("so\n$x$\nis", "so<br>", MATH, "<br>is"),
        ("`$x$`", "`", MATH, "`"),
    ],
)
def test_render_answer_typesets_formulas(text, before, opening, after):
    display = opening == DISPLAY
    assert render_answer(text) == before + opening + typeset("x", display=display) + "</span>" + after


def test_render_answer_typesets_what_parses_beside_what_does_not():
    html = render_answer(r"$x$, $\foo$, $y$")
    assert html.count(MATH) == 2
    assert r"$\foo$" in html


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="$\\()[]{}<>&\"'ab\n^_ ", max_size=40))
def test_render_answer_never_fails_and_never_opens_a_tag_of_its_own(text):
    html = re.sub(r'<span class="math.*</span>', "", render_answer(text), flags=re.DOTALL)
    assert set(re.findall(r"<[^>]*>", html)) <= {"<br>"}


@given(st.text(alphabet="ab<>&\"' \n", max_size=40))
def test_render_answer_loses_no_character(text):
    assert html_module.unescape(render_answer(text).replace("<br>", "\n")) == text


@pytest.mark.parametrize(
    "text",
    [
        "$x^{2}$ " * 2_500,
        "$" + "{" * 5_000 + "}" * 5_000 + "$",
        "".join(f"${'²' * n}$" for n in range(1, 200)),
        "$" * 20_000,
        "".join(rf"$\sqrt{{{n}}}$" for n in range(1_500)),
    ],
    ids=["repeated", "nested", "slow", "dollars", "many"],
)
def test_render_answer_is_bounded(text):
    before = time.process_time()
    render_answer(text)
    assert time.process_time() - before < 4


@pytest.mark.parametrize(
    ("text", "latex"),
    [(r"\frac{1}{2}", r"\frac{1}{2}"), (r" 2\sqrt2 ", r"2\sqrt2"), ("$x^2$", "x^2"), (r"\(x^2\)", "x^2")],
)
def test_render_expression_typesets_latex(text, latex):
    assert render_expression(text) == MATH + typeset(latex, display=False) + "</span>"


@pytest.mark.parametrize(
    "text",
    ["2*sqrt(2)", "x^2+1", "2^10", "1/2", "-3", "{1;2}", r"\foo", r"\frac{1}", "50% ", "a_1", r"C:\new"],
)
def test_render_expression_shows_everything_else_as_typed(text):
    assert render_expression(text) == text.strip()


def test_render_expression_escapes():
    assert render_expression("<b>x</b>") == "&lt;b&gt;x&lt;/b&gt;"
