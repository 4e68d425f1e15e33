"""What contestants type: numbers, choices, formulas, sentences of a proof, and signs of many scripts."""

import random
from collections.abc import Callable

from apps.grading.management.rehearsal.pages import Field

SIGNS_A_SECOND = 3.0
LONGEST_ANSWER = 6_000
SHORTEST_STRUCK = 80
STRIKES_OUT = 0.06

EXPRESSIONS = (
    r"\frac{3}{4}",
    r"2^{10}-1",
    r"\sqrt{2}+\sqrt{3}",
    r"\frac{n(n+1)}{2}",
    r"3\pi/8",
    r"\binom{12}{5}",
    r"-\frac{1}{2}\left(1+\sqrt{5}\right)",
    "7/12",
    "x^2+x+1",
)
SENTENCES = (
    "Let $n$ be the smallest such number.",
    "Suppose that $p$ divides $a^2+b^2$ with $p \\equiv 3 \\pmod 4$.",
    "Then $a^2 \\equiv -b^2$, so $-1$ would be a square modulo $p$, which it is not.",
    "By induction we may assume the claim for $n-1$.",
    "Draw the circle through A, B and C; its centre is O.",
    "∠ABC = 90°, because it stands over the diameter.",
    "Colour the squares black and white like a chess board.",
    "Each domino covers one square of either colour, but 32 ≠ 30.",
    "Nach dem Schubfachprinzip liegen zwei Punkte im selben Quadrat.",
    "Portanto a soma é √2 + √3 < 3,15 ≤ π.",
    "Отсюда следует, что x ≥ 2.",
    "したがって $f(x)=x$ である。",
    "Bu nedenle çözüm tektir.",
    "لذلك العدد زوجي.",
    "I tried n = 1, 2, 3 👍 and it works.",
    "\tThis shows (i);  (ii) is the same with signs changed.",
    "Hence the answer is at most 17, and 17 is reached. ∎",
)


class Typist:
    """Somebody's way of writing, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - nothing secret depends on it
        self._planned: dict[int, str] = {}

    def next_text(self, field: Field, text: str, seconds: float) -> str:
        """The field after so many seconds of typing; never the same text as before."""
        if field.kind == "choice":
            return self._random.choice([label for label in (*field.labels, "") if label != text] or [text])
        if field.kind == "integer":
            return self._other(text, lambda: str(self._random.randint(-999, 99_999)))
        if field.kind == "expression":
            return self._other(text, lambda: self._random.choice(EXPRESSIONS))
        return self._go_on(field.number, text, max(1, round(seconds * SIGNS_A_SECOND)))

    def _other(self, text: str, draw: Callable[[], str]) -> str:
        while (drawn := draw()) == text:
            pass
        return drawn

    def _go_on(self, number: int, text: str, signs: int) -> str:
        """Write on, sentence after sentence; now and then strike out the end of what stands there."""
        if len(text) > LONGEST_ANSWER or (
            len(text) > SHORTEST_STRUCK and self._random.random() < STRIKES_OUT
        ):
            self._planned[number] = ""
            return text[: -self._random.randint(10, 60)]
        planned = self._planned.get(number, "")
        while len(planned) < signs:
            planned += self._random.choice(SENTENCES) + self._random.choice((" ", " ", "\n"))
        self._planned[number] = planned[signs:]
        return text + planned[:signs]
