"""Statements: Markdown and LaTeX in, sanitised HTML or an error with its place out."""

import re
import time

import pytest

from apps.core.markup import RENDERER, MarkupError, render_statement


def figure_url(name):
    return {"triangle.svg": "/figures/17/", "two words.png": "/figures/18/"}.get(name)


def html(source, **options):
    return render_statement(source, figure_url=figure_url, **options).html


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", ""),
        ("Find all.", "<p>Find all.</p>"),
        ("One.\n\nTwo\nlines.", "<p>One.</p>\n<p>Two\nlines.</p>"),
        ("*a* **b** `c` ~~d~~", "<p><em>a</em> <strong>b</strong> <code>c</code> <s>d</s></p>"),
        ("* a\n* b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("> a", "<blockquote>\n<p>a</p>\n</blockquote>"),
        ("a\\\nb", "<p>a<br>\nb</p>"),
        (r"It costs \$5 \* 2.", "<p>It costs $5 * 2.</p>"),
        ("1 < 2 & 3 > 2", "<p>1 &lt; 2 &amp; 3 &gt; 2</p>"),
        ("```python\n$x$ <b>\n```", "<pre><code>$x$ &lt;b&gt;\n</code></pre>"),
        ("`$x$`", "<p><code>$x$</code></p>"),
        ("    indented", "<p>indented</p>"),
        ("a\n---", "<p>a</p>\n<hr>"),
        ("a\r\nb\rc", "<p>a\nb\nc</p>"),
        ("Größe, 数学, ∀ε", "<p>Größe, 数学, ∀ε</p>"),
    ],
)
def test_render_statement_renders_markdown(source, expected):
    assert html(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (r"\emph{a} \textit{b}", "<p><em>a</em> <em>b</em></p>"),
        (r"\textbf{Case 1.}Next", "<p><strong>Case 1.</strong>Next</p>"),
        (r"\textbf{a \textit{b} {c}} {d}", "<p><strong>a <em>b</em> {c}</strong> {d}</p>"),
        ("\\emph{two\nlines}", "<p><em>two\nlines</em></p>"),
        (r"\emph{*a*} \{x\}", "<p><em><em>a</em></em> {x}</p>"),
        ("{ unclosed\n\n\\emph{a} }", "<p>{ unclosed</p>\n<p><em>a</em> }</p>"),
        ("\\noindent a\n\n\\medskip\n\nb \\qed", "<p>a</p>\n<p>b ∎</p>"),
        (r"`\emph{x}` and \emph{`}`}", "<p><code>\\emph{x}</code> and <em><code>}</code></em></p>"),
        (
            "a\n\\begin{itemize}\n  \\item b\n    c\n  \\item d\n\\end{itemize}\ne",
            "<p>a</p>\n<ul>\n<li>b\nc</li>\n<li>d</li>\n</ul>\n<p>e</p>",
        ),
        (
            r"\begin{enumerate}\item a\item b\end{enumerate}",
            "<ol>\n<li>a</li>\n<li>b</li>\n</ol>",
        ),
        (
            "\\begin{itemize}\\item\n\\begin{enumerate}\n\\item a\n\\item b\n\\end{enumerate}\\end{itemize}",
            "<ul>\n<li>\n<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n</li>\n</ul>",
        ),
        (
            "\\begin{enumerate}\n\\item a\n\nb\n\n\\item c\n\\end{enumerate}",
            "<ol>\n<li>\n<p>a</p>\n<p>b</p>\n</li>\n<li>\n<p>c</p>\n</li>\n</ol>",
        ),
    ],
)
def test_render_statement_understands_the_latex_of_prose(source, expected):
    assert html(source) == expected


def test_render_statement_keeps_prose_commands_in_a_figures_text_as_source():
    text = html(r"![A \emph{small} triangle](triangle.svg)")
    assert 'alt="A \\emph{small} triangle"' in text


def test_render_statement_names_its_renderer():
    assert render_statement("x", figure_url=figure_url).renderer == RENDERER == "md1-katex0.19.1"


@pytest.mark.parametrize(
    ("source", "display"),
    [
        ("Let $x$ be", False),
        (r"Let \(x\) be", False),
        ("$$x$$", True),
        (r"\[x\]", True),
        ("Let $$x$$ be", True),
    ],
)
def test_render_statement_typesets_formulas(source, display):
    kind = "math math-display" if display else "math"
    assert f'<span class="{kind}" translate="no"><span class="katex' in html(source)


def test_render_statement_typesets_environments():
    assert html("So\n\n\\begin{align}\na &= b\\\\\n\nc &= d\n\\end{align}\n").count("katex-display") == 1


@pytest.mark.parametrize(
    "source",
    [
        r"$a_1$ and $b_2$, $a*b$ and $c*d$",  # no emphasis between formulas
        r"$a<b$ and $c>d$",
        r"$[a](b)$",
        "$`a`$",
        "$$\n# a\n- b\n\n> c\n$$".replace("# a\n", ""),
    ],
)
def test_render_statement_keeps_markdown_out_of_formulas(source):
    text = html(source)
    for tag in ("<em>", "<a ", "<li>", "<blockquote>", "<code>"):
        assert tag not in text


def test_render_statement_formulas_stand_in_tables_lists_and_emphasis():
    text = html("| $|x|$ | b |\n|:--|--:|\n| $\\frac12$ | **$y$** |\n\n* *$z$*\n")
    assert text.count('translate="no"') == 4
    assert text.count("<td") == 2
    assert '<td class="align-right"><strong><span class="math"' in text
    assert '<th class="align-left">' in text
    assert "<li><em><span" in text
    assert "style=" not in re.sub(r"<span.*</span>", "", text)


@pytest.mark.parametrize(
    ("source", "line", "column", "problem"),
    [
        ("a\n\nb $x + \\foo y$", 3, 8, r"unknown command \foo at position 5 of the formula"),
        ("$$\na\n+ \\foo\n$$", 3, 3, r"unknown command \foo at position 6 of the formula"),
        ("one\n$x\n\ny$", 2, 1, "the formula opened by $ is never closed"),
        ("it costs $5", 1, 10, r"a dollar sign itself is written \$"),
        (r"a \(x", 1, 3, r"the formula opened by \( is never closed"),
        (r"\begin{align}x", 1, 1, r"\begin{align} has no matching \end{align}"),
        ("\\begin{center}\na\n\\end{center}", 1, 7, "unknown environment center"),
        ("a $$ $$", 1, 3, "an empty formula"),
        ("$50%$", 1, 4, r"write \% for a per cent sign"),
        ("see \\textsc{this}", 1, 5, r"the LaTeX command \textsc{this} stands outside a formula"),
        ("\\\\\\section{x}", 1, 3, r"\section{x} stands outside"),
        (r"\end{center}", 1, 1, r"\end{center} stands outside"),
        ("a\n\\emph{b\n\nc}", 2, 1, r"the brace of \emph{ is never closed"),
        ("a\n\n\\textbf{b", 3, 1, r"the brace of \textbf{ is never closed"),
        ("a\n\\item b", 2, 1, r"an \item outside a list"),
        ("a\n\\begin{itemize}\n\\item b", 2, 1, r"\begin{itemize} has no matching \end{itemize}"),
        ("\\begin{itemize}\n\\item b\n\\end{enumerate}", 3, 1, r"\end{enumerate} ends nothing"),
        ("\\begin{itemize}\\item b\\item c\n\\end{itemize}\n\n[a](b)", 4, 1, "links are not allowed"),
        ("a\n\n[x](https://example.org)", 3, 1, "links are not allowed"),
        ("[x](javascript:alert(1))", 1, 1, "links are not allowed"),
        ("$$\n\na$$\n\n[a](b)", 5, 1, "links are not allowed"),
        ("a\nb ![t](no.svg)", 2, 1, "there is no figure named no.svg"),
        ("a\n\n![](triangle.svg)", 3, 1, "the figure triangle.svg has no text for those who cannot see it"),
        ("![ ](triangle.svg)", 1, 1, "has no text"),
        ("![t](https://example.org/a.png)", 1, 1, "there is no figure named https://example.org/a.png"),
        ("![t](data:image/png;base64,AA)", 1, 1, "there is no figure named data:"),
        ("a\x00b", 1, 2, "control character U+0000"),
        ("a\x1bb", 1, 2, "control character U+001B"),
        (r"$\href{https://example.org}{x}$", 1, 2, r"\href is not allowed"),
        ("x" * 60_001, 1, 1, "longer than 60000 characters"),
    ],
)
def test_render_statement_refuses_and_tells_the_place(source, line, column, problem):
    with pytest.raises(MarkupError) as error:
        html(source)
    assert problem in error.value.problem
    assert (error.value.line, error.value.column) == (line, column)
    assert str(error.value).startswith(f"line {line}: ")


def test_render_statement_gives_figures_their_address():
    assert html("![A triangle](triangle.svg)") == '<p><img src="/figures/17/" alt="A triangle"></p>'
    assert (
        html('![a "b"](<two words.png> "title")') == '<p><img src="/figures/18/" alt="a &quot;b&quot;"></p>'
    )


def test_render_statement_keeps_formulas_in_a_figures_text_as_source():
    text = html("![A triangle with $a^2$ and `c`](triangle.svg)")
    assert text == '<p><img src="/figures/17/" alt="A triangle with $a^2$ and c"></p>'


@pytest.mark.parametrize(
    ("source", "top", "expected"),
    [
        ("# A\n## B\n# C", 3, ["h3", "h4", "h3"]),
        ("### A\n##### B", 3, ["h3", "h4"]),
        ("# A\n## B", 2, ["h2", "h3"]),
        ("# A\n## B\n### C\n#### D\n##### E\n###### F", 3, ["h3", "h4", "h5", "h6", "h6", "h6"]),
    ],
)
def test_render_statement_nests_headings_below_the_pages(source, top, expected):
    assert re.findall(r"<(h\d)>", html(source, top_heading=top)) == expected


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<style>*{display:none}</style>",
    "<a href='javascript:alert(1)'>x</a>",
    "<div style='position:fixed'>x</div>",
    "<math><mtext><script>alert(1)</script></mtext></math>",
    "<!-- <script>alert(1)</script> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?>",
    "<javascript:alert(1)>",
    "<https://example.org>",
    "[x]: javascript:alert(1)\n\n[x]",
    "https://example.org",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "`<script>alert(1)</script>`",
    "```\"onload=alert(1)\n<script>\n```",
    "| <script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "![<img src=x onerror=alert(1)>](triangle.svg)",
    "![\" onerror=alert(1) x=\"](triangle.svg)",
    "![$\" onerror=alert(1) x=\"$](triangle.svg)",
    r"$\text{<script>alert(1)</script>}$",
    r"$\text{" + '" onload="alert(1)' + "}$",
    r"\( </annotation><script>alert(1)</script> \)",
    "$<img src=x onerror=alert(1)>$",
]  # fmt: skip


@pytest.mark.parametrize("source", HOSTILE)
def test_render_statement_executes_nothing(source):
    text = html(source)
    tags = re.findall(r"<([a-zA-Z]+)([^>]*)", text)
    for name, attributes in tags:
        assert name not in {"script", "iframe", "style", "a", "div", "object", "link"}
        # Quotes inside a value are escaped, so that everything between two of them is data.
        names = re.sub(r'"[^"]*"', "", attributes)
        assert not re.search(r"\bon\w+|href|srcdoc", names)
        if name == "img":
            assert 'src="/figures/17/"' in attributes


def test_render_statement_is_not_fooled_by_texts_that_look_like_placeholders():
    once = html("$x$ and \\$0123456789abcdef-0\\$")
    assert once.count("katex-html") == 1
    assert "$0123456789abcdef-0$" in once


def test_render_statement_is_the_same_every_time():
    source = "Let $x$ be ![t](triangle.svg)\n\n* $y$\n* $$z$$"
    assert html(source) == html(source)


def test_render_statement_of_many_formulas_is_quick():
    source = "\n".join(f"Let $x_{{{n}}} = \\frac{{{n}}}{{2}}$ be." for n in range(100))
    before = time.process_time()
    assert html(source).count("katex-html") == 100
    assert time.process_time() - before < 5
