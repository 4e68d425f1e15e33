"""One browser's line to the server: its own connections, its own cookies, and a stop watch."""

import asyncio
import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from apps.grading.management.rehearsal.measures import Recorder

FORM = "application/x-www-form-urlencoded"
CONNECTIONS = 6  # what browsers open to one host
KEPT_ALIVE_SECONDS = 60
PAGE_TIMEOUT = 30.0
LONGEST_WAIT = 300.0


@dataclass(frozen=True)
class Reply:
    """What came back; status 0 and an error where nothing did."""

    status: int
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    error: str = ""

    @property
    def location(self) -> str:
        """The path that a redirect names; "" if it is none."""
        return urlsplit(self.headers.get("Location", "")).path

    @property
    def wait(self) -> float:
        """How many seconds the server asks us to wait."""
        asked = self.headers.get("Retry-After", "")
        return min(float(asked), LONGEST_WAIT) if asked.isdigit() else 0.0

    @property
    def json(self) -> Any:
        """The decoded body, None if it is not JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class Addresses(AbstractResolver):
    """Each host is looked up once for all lines of this process.

    A browser's system remembers too. A thread that asks anew for each of the crowd's connections took a
    third of what the crowd costs.
    """

    KNOWN: ClassVar[dict[tuple[str, int, int], list[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        asked = (host, port, family)
        if asked not in self.KNOWN:
            self.KNOWN[asked] = await aiohttp.ThreadedResolver().resolve(host, port, family)
        return self.KNOWN[asked]

    async def close(self) -> None:
        """Nothing is open."""


class Line:
    """GET and POST with keep-alive. Redirects are not followed: each hop is a call of its own.

    `cut` closes the line for some time, as a lost network does: calls fail at once and are not measured.
    """

    def __init__(self, url: str, recorder: Recorder) -> None:
        self._origin = url.rstrip("/")
        self._recorder = recorder
        self._cookies: dict[str, str] = {}
        self._session: aiohttp.ClientSession | None = None
        self._is_cut = False

    async def get(self, path: str, *, action: str, expect: tuple[int, ...] = (200,)) -> Reply:
        return await self._call("GET", path, action=action, expect=expect)

    async def load(self, path: str, *, action: str) -> None:
        """A stylesheet, a script: it is fetched, and nobody looks at it, so that it stays packed."""
        await self._call("GET", path, action=action, expect=(200,), is_read=False)

    async def post_form(
        self, path: str, fields: Mapping[str, str], *, action: str, expect: tuple[int, ...] = (302,)
    ) -> Reply:
        headers = {"Origin": self._origin, "Referer": f"{self._origin}/", "Content-Type": FORM}
        # Encoded here: the library prepares for files each time, at twice the price.
        body = urlencode(fields).encode()
        return await self._call("POST", path, action=action, expect=expect, headers=headers, data=body)

    async def post_json(
        self,
        path: str,
        tree: Any,
        *,
        token: str,
        action: str,
        expect: tuple[int, ...] = (200,),
        timeout: float = PAGE_TIMEOUT,
    ) -> Reply:
        """As the page's script saves: a bearer token, no cookies."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        body = json.dumps(tree, ensure_ascii=False).encode()
        return await self._call(
            "POST",
            path,
            action=action,
            expect=expect,
            headers=headers,
            data=body,
            timeout=timeout,
            has_cookies=False,
        )

    def is_cut(self) -> bool:
        return self._is_cut

    async def cut(self) -> None:
        self._is_cut = True
        await self.close()

    def mend(self) -> None:
        self._is_cut = False

    async def close(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def _call(
        self,
        method: str,
        path: str,
        *,
        action: str,
        expect: tuple[int, ...],
        headers: Mapping[str, str] | None = None,
        data: Any = None,
        timeout: float = PAGE_TIMEOUT,
        has_cookies: bool = True,
        is_read: bool = True,
    ) -> Reply:
        if self.is_cut():
            return Reply(0, error="cut")
        sent_headers = dict(headers or {})
        if has_cookies and self._cookies:
            sent_headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        started_at, start = time.time(), time.perf_counter()
        try:
            async with self._open().request(
                method,
                self._origin + path,
                headers=sent_headers,
                data=data,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout),
                auto_decompress=is_read,
            ) as response:
                body = await response.read()
                text = body.decode(errors="replace") if is_read else ""
                reply = Reply(response.status, text, response.headers)
                if has_cookies:
                    self._keep_cookies(response.headers.getall("Set-Cookie", []))
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            reply = Reply(0, error=type(error).__name__)
        if self.is_cut():  # while the call was under way
            return Reply(0, error="cut")
        wrong = reply.error or ("" if reply.status in expect else f"status {reply.status}")
        self._recorder.note(action, started_at, time.perf_counter() - start, wrong)
        return reply

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=CONNECTIONS, keepalive_timeout=KEPT_ALIVE_SECONDS, resolver=Addresses()
                ),
                cookie_jar=aiohttp.DummyCookieJar(),  # ours are of one host: a dict does
            )
        return self._session

    def _keep_cookies(self, lines: list[str]) -> None:
        for line in lines:
            try:
                read = SimpleCookie(line)
            except CookieError:
                continue
            for name, morsel in read.items():
                if morsel["max-age"] == "0":
                    self._cookies.pop(name, None)
                else:
                    self._cookies[name] = morsel.coded_value
