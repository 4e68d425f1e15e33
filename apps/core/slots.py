"""A page that is rendered once and filled in for each reader.

Rendering a long template costs milliseconds, joining its pieces microseconds. The template stays the only
place where the page is written: it is rendered once, by the template engine, with a mark wherever something
of a reader stands, and cut at those marks. Nothing of any reader is there at that moment, so nothing of
one can ever stand on the page of another.
"""

import secrets
from collections.abc import Callable, Mapping
from html import escape

# Gives the value that a name stands for: a reader's own text, or the mark for it.
Own = Callable[[str], str]


class SlottedPage:
    """`render` makes the page from what all readers share; where a reader's own is due, it puts `own(name)`.

    It must print those values as they are, escaped as always: neither filter nor condition may look at them,
    since what they see here is a mark.
    """

    def __init__(self, render: Callable[[Own], str]) -> None:
        # Random, so that no text which people wrote can pass for a mark.
        mark = secrets.token_hex(16)
        pieces = render(lambda name: f"{mark}{name}{mark}").split(mark)
        self.literals = [piece.encode() for piece in pieces[::2]]
        self.names = pieces[1::2]

    def fill(self, values: Mapping[str, str]) -> bytes:
        """The page with a reader's values, in UTF-8; a KeyError if one is missing."""
        # The library's own `escape` is what the template engine's ends in, without its look for lazy texts.
        escaped = {name: escape(value).encode() for name, value in values.items()}
        pieces = [*self.literals, *self.literals[1:]]
        pieces[::2] = self.literals
        pieces[1::2] = [escaped[name] for name in self.names]
        return b"".join(pieces)
