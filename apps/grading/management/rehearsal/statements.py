"""How many SQL statements each action takes: counted here, with the code and the database of the deployment.

One more contestant walks through the sandbox inside this process, over Django's own client, with every
statement on every connection counted. What the server's processes have warm (caches of the exam) is cold
here at first, so each page is asked for twice and the second time is counted.
"""

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connections
from django.test import Client

from apps.grading.management.rehearsal import journal as lines
from apps.grading.management.rehearsal.pages import csrf_of, read_paper

TEXT = "Counted."


class Counter:
    """A contestant in this process. `actions` grows by what is walked through."""

    def __init__(self, key: str, journal: Path) -> None:
        self._key, self._journal = key, journal
        public = urlsplit(settings.PUBLIC_URL)
        self._is_https = public.scheme == "https"
        self._client = Client(SERVER_NAME=public.hostname or "localhost", enforce_csrf_checks=True)
        self.actions: dict[str, int] = {}

    def sit(self) -> None:
        """From the entry page to the receipt."""
        form = {"csrfmiddlewaretoken": csrf_of(self._get("entry", "/").content.decode()), "key": self._key}
        self._post("enter", "/enter/", form)
        form = {"csrfmiddlewaretoken": csrf_of(self._get("cover", "/exam/").content.decode())}
        self._post("start", "/exam/start/", form)
        self._save(self._get("paper", "/exam/paper/").content.decode())
        form = {"csrfmiddlewaretoken": csrf_of(self._get("submit page", "/exam/submit/").content.decode())}
        self._post("submit", "/exam/submit/", form)
        self._get("receipt", "/exam/receipt/")

    def see_result(self) -> None:
        self._get("result", "/exam/result/")

    def _save(self, page: str) -> None:
        paper = read_paper(page)
        field = paper.fields[0]
        text = field.labels[0] if field.labels else TEXT
        op = str(uuid.uuid4())
        edit = {"op": op, "number": field.number, "text": text, "based_on": field.revision}
        sent = lines.sent(paper=paper.submission, **edit)  # type: ignore[arg-type]
        # The first call opens the saves' connection, which takes statements of its own: it is asked twice.
        for action, edits in (("heartbeat", []), ("heartbeat", []), ("save", [edit])):
            batch = {"device": paper.device, "notices": paper.notices, "edits": edits}
            response = self._counted(
                action,
                lambda batch=batch: self._client.post(  # type: ignore[misc]
                    paper.save_url,
                    json.dumps(batch),
                    content_type="application/json",
                    headers={"authorization": f"Bearer {paper.save_token}"},
                    secure=self._is_https,
                ),
            )
            for result in response.json()["edits"]:
                heard = {name: result[name] for name in ("op", "state", "revision")}
                acked = lines.acked(paper=paper.submission, **heard)
                self._journal.write_text(json.dumps(sent) + "\n" + json.dumps(acked) + "\n")

    def _get(self, action: str, path: str) -> Any:
        self._client.get(path, secure=self._is_https)
        return self._counted(action, lambda: self._client.get(path, secure=self._is_https))

    def _post(self, action: str, path: str, form: dict[str, str]) -> Any:
        headers = {"referer": f"{settings.PUBLIC_URL}/"}
        return self._counted(
            action, lambda: self._client.post(path, form, headers=headers, secure=self._is_https)
        )

    def _counted(self, action: str, call: Callable[[], Any]) -> Any:
        counted = 0

        def count(execute: Callable[..., Any], *arguments: Any) -> Any:
            nonlocal counted
            counted += 1
            return execute(*arguments)

        default, saves = (connections[alias] for alias in ("default", "saves"))
        with default.execute_wrapper(count), saves.execute_wrapper(count):
            response = call()
        self.actions[action] = counted
        return response
