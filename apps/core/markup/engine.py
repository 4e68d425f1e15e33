"""KaTeX without a browser: LaTeX in, static HTML with MathML out.

The script runs in one QuickJS context per process, in a thread of its own: a context may not be used from two
threads, needs a large C stack for nested formulas and costs 15 MB, too much for one in every web thread.
Every call has a limit of time and of memory, so that a formula that explodes is an error and not an outage.
"""

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import quickjs

KATEX_VERSION = "0.19.1"
KATEX_SCRIPT = Path(__file__).parents[3] / "static" / "vendor" / "katex" / "katex.min.js"

SECONDS_PER_FORMULA = 0.4
_MEMORY_LIMIT = 96 * 1024 * 1024
_STACK_SIZE = 8 * 1024 * 1024

# KaTeX shows a command it does not trust in red instead of failing; `trust` is the only place to learn of it.
# The answer is one JSON string: the binding cannot return a long string that was built by concatenation.
_BRIDGE = """
globalThis.renderFormula = (latex, display) => {
  let refused = null;
  try {
    const html = katex.renderToString(latex, {
      displayMode: display, output: "htmlAndMathml", throwOnError: true, strict: "ignore",
      maxExpand: 1000, maxSize: 20, trust: (context) => { refused ??= context.command; return false; },
    });
    const problem = refused + " is not allowed";
    return JSON.stringify(refused === null ? { html } : { problem, position: null });
  } catch (error) {
    if (!(error instanceof katex.ParseError)) throw error;
    return JSON.stringify({ problem: error.rawMessage, position: error.position ?? null });
  }
};
"""


class FormulaError(ValueError):
    """A formula that KaTeX cannot typeset; `position` is an offset from 0, when there is one."""

    def __init__(self, problem: str, *, position: int | None = None) -> None:
        self.problem = problem
        self.position = position
        super().__init__(problem)


@lru_cache(maxsize=1_024)
def typeset(latex: str, *, display: bool) -> str:
    """HTML of one formula. Trusted: KaTeX escapes text, and commands that make links or HTML are refused."""
    if (percent := _unescaped_percent(latex)) is not None:
        # TeX drops the rest of the line: 50% would be shown as 50.
        raise FormulaError(r"% begins a comment in a formula; write \% for a per cent sign", position=percent)
    answer = _engine.run(latex, display)
    if "html" in answer:
        return str(answer["html"])
    position = answer["position"]
    raise FormulaError(
        _in_one_sentence(answer["problem"]),
        position=None if position is None else _from_utf16(latex, position),
    )


class _Engine:
    """Owns the thread, the context in it, and its replacement when a limit was hit."""

    def __init__(self) -> None:
        self._start_lock = threading.Lock()
        self._thread: ThreadPoolExecutor | None = None
        self._context: quickjs.Context | None = None

    def run(self, latex: str, display: bool) -> dict[str, Any]:  # noqa: FBT001 - submit() passes by position
        with self._start_lock:
            if self._thread is None:
                self._thread = _thread_with_stack()
        return self._thread.submit(self._run_in_thread, latex, display).result()

    def _run_in_thread(self, latex: str, display: bool) -> dict[str, Any]:  # noqa: FBT001
        import quickjs  # noqa: PLC0415 - 8 MB that most processes never need

        context = self._context or self._new_context()
        # The limit counts from the moment it is set, hence before every call.
        context.set_time_limit(SECONDS_PER_FORMULA)
        try:
            answer: dict[str, Any] = json.loads(context.get("renderFormula")(latex, display))
        except quickjs.StackOverflow:
            return {"problem": "the formula is nested too deeply", "position": None}
        except quickjs.JSException:
            self._context = None  # interrupted or out of memory: its state is unknown
            return {"problem": "the formula is too large to typeset", "position": None}
        return answer

    def _new_context(self) -> "quickjs.Context":
        import quickjs  # noqa: PLC0415

        context = quickjs.Context()
        context.eval(KATEX_SCRIPT.read_text(encoding="utf-8"))
        context.eval(_BRIDGE)
        context.set_memory_limit(_MEMORY_LIMIT)
        self._context = context
        return context


def _thread_with_stack() -> ThreadPoolExecutor:
    """One worker thread with a stack that KaTeX cannot outgrow before QuickJS's own guard stops it."""
    before = threading.stack_size(_STACK_SIZE)
    try:
        pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="katex")
        pool.submit(lambda: None).result()  # threads start lazily, but the size holds only now
    finally:
        threading.stack_size(before)
    return pool


def _unescaped_percent(latex: str) -> int | None:
    position = 0
    while position < len(latex):
        if latex[position] == "\\":
            position += 2
            continue
        if latex[position] == "%":
            return position
        position += 1
    return None


def _in_one_sentence(problem: str) -> str:
    """KaTeX's message in our manner: lower case, no full stop, no advice to change its settings."""
    if problem.startswith("Too many expansions"):
        return "its macros expand without end"
    if problem.startswith("Undefined control sequence: "):
        return "unknown command " + problem.removeprefix("Undefined control sequence: ")
    if problem.startswith("No such environment: "):
        return "unknown environment " + problem.removeprefix("No such environment: ")
    return problem[:1].lower() + problem[1:]


def _from_utf16(text: str, position: int) -> int:
    """JavaScript counts a character outside the basic plane twice."""
    return len(text.encode("utf-16-le")[: 2 * position].decode("utf-16-le", "ignore"))


def _forget() -> None:
    """A forked child has no copy of the thread: it starts its own."""
    global _engine  # noqa: PLW0603
    _engine = _Engine()


_engine = _Engine()
os.register_at_fork(after_in_child=_forget)
