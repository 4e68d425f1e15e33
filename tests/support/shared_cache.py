"""A cache between many browsers and us, as a school or a provider may run one (RFC 9111)."""

import io
import time
from collections import defaultdict
from dataclasses import dataclass, field
from wsgiref.headers import Headers
from wsgiref.util import setup_testing_defaults

# What such a cache may keep though nobody says for how long (RFC 9110, 15.1), and how long ours then does.
KEPT_UNASKED = {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501}
UNASKED_SECONDS = 60


@dataclass
class Response:
    status: int
    headers: Headers
    body: bytes
    kept_until: float = 0
    asked_with: dict = field(default_factory=dict)  # the request's headers that Vary names

    def words(self):
        """The directives of Cache-Control, with their values."""
        parts = (part.strip().lower() for part in (self.headers["Cache-Control"] or "").split(","))
        return {name: value.strip('"') for name, _, value in (part.partition("=") for part in parts) if name}


class SharedCache:
    """In front of a WSGI application; greedy: it keeps whatever it is allowed to keep."""

    def __init__(self, application, *, lost=()):
        self.application = application
        self.lost = lost  # headers that a faulty hop takes out of every response
        self.kept = defaultdict(list)
        self.hits = 0

    def get(self, path, **asked):
        """Headers of the request as WSGI names them: `HTTP_COOKIE="…"`."""
        for response in self.kept[path]:
            same = all(asked.get(name, "") == value for name, value in response.asked_with.items())
            if same and time.monotonic() < response.kept_until:
                self.hits += 1
                return response
        response = self.forward(path, asked)
        if self.may_keep(response, asked):
            self.kept[path].append(response)
        return response

    def forward(self, path, asked):
        environ = {"PATH_INFO": path, "HTTP_HOST": "localhost", "wsgi.input": io.BytesIO(), **asked}
        setup_testing_defaults(environ)
        told = []
        body = b"".join(self.application(environ, lambda *start: told.extend(start)))
        response = Response(int(told[0].split()[0]), Headers(told[1]), body)
        for name in self.lost:
            del response.headers[name]
        return response

    def may_keep(self, response, asked):
        words = response.words()
        vary = [name.strip() for name in (response.headers["Vary"] or "").split(",") if name.strip()]
        if {"no-store", "private", "no-cache"} & set(words) or "*" in vary:
            return False
        if "HTTP_AUTHORIZATION" in asked and not {"public", "s-maxage", "must-revalidate"} & set(words):
            return False
        told = words.get("s-maxage", words.get("max-age"))
        if told is None and response.status not in KEPT_UNASKED and "public" not in words:
            return False
        response.kept_until = time.monotonic() + (UNASKED_SECONDS if told is None else int(told))
        names = [f"HTTP_{name.upper().replace('-', '_')}" for name in vary]
        response.asked_with = {name: asked.get(name, "") for name in names}
        return True
