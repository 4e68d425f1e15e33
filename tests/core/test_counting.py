"""One is one."""

import pytest

from apps.core.counting import counted


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ("problem",), "0 problems"),
        (1, ("problem",), "1 problem"),
        (2, ("time block",), "2 time blocks"),
        (2, ("entry", "entries"), "2 entries"),
    ],
)
def test_counted(number, words, said):
    assert counted(number, *words) == said
