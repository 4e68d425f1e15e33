"""Contestants who save without a pause, as their page does: by op, in order, again until it is acknowledged.

Each keeps a journal, written before and after each call; what the server acknowledged must be in the
database, and nothing may be there that the journal does not know.
"""

import http.client
import json
import random
import ssl
import threading
import time
import uuid
from dataclasses import dataclass

OK = 200


@dataclass
class Journalled:
    """One edit: what was sent, and when it was acknowledged (None: it is not known to be kept)."""

    op: str
    number: int
    text: str
    based_on: int
    acked_at: float | None = None
    tries: int = 0
    state: str = ""


class Saver(threading.Thread):
    """One contestant at one page. With `retries` off it gives up after the first try, for controls."""

    def __init__(self, *, port, token, numbers, seed=0, retries=True, tls=False, pause=0.02):
        super().__init__(daemon=True)
        self.port, self.token, self.retries, self.tls, self.pause = port, token, retries, tls, pause
        self.numbers = list(numbers)
        self.heads = dict.fromkeys(self.numbers, 0)
        self.device = str(uuid.uuid4())
        self.chance = random.Random(seed)
        self.journal = []
        self.failures = []
        self.enough = threading.Event()
        self.line = None

    def run(self):
        while not self.enough.is_set():
            number = self.chance.choice(self.numbers)
            edit = Journalled(
                str(uuid.uuid4()), number, f"{len(self.journal)}: {self.chance.random()}", self.heads[number]
            )
            self.journal.append(edit)
            self.send_until_kept(edit)
            time.sleep(self.pause * self.chance.uniform(0.5, 1.5))

    def send_until_kept(self, edit, patience=60):
        """Send an edit until it is acknowledged, with jitter between the tries; the op stays the same."""
        until = time.monotonic() + patience
        while edit.acked_at is None:
            edit.tries += 1
            try:
                answer = self.post(edit)
            except (OSError, http.client.HTTPException, ValueError) as reason:
                self.failures.append(repr(reason))
                self.hang_up()
                if not self.retries or time.monotonic() > until:
                    return
                time.sleep(self.chance.uniform(0, min(2, 0.1 * 2**edit.tries)))
            else:
                edit.acked_at = time.time()
                edit.state = answer["edits"][0]["state"]
                self.heads[edit.number] = answer["edits"][0]["head"]

    def post(self, edit):
        if self.line is None:
            self.line = self.connect()
        sent = {"op": edit.op, "number": edit.number, "text": edit.text, "based_on": edit.based_on}
        body = json.dumps({"device": self.device, "notices": 0, "edits": [sent]})
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self.line.request("POST", "/exam/save/", body, headers)
        response = self.line.getresponse()
        told = response.read()
        if response.status != OK:
            raise ValueError(f"{response.status} {told[:200]!r}")
        return json.loads(told)

    def connect(self):
        if not self.tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        unverified = ssl._create_unverified_context()  # noqa: S323 - made for the test, on this machine
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=unverified)

    def hang_up(self):
        if self.line is not None:
            self.line.close()
            self.line = None

    def stop(self):
        self.enough.set()
        self.join(timeout=90)
        self.hang_up()
        assert not self.is_alive()

    @property
    def acked(self):
        return [edit for edit in self.journal if edit.acked_at is not None]

    def resend_everything(self):
        """After a restore: the page kept every edit, and sends them again in their order, with their ops."""
        for edit in self.journal:
            edit.acked_at = None
            self.send_until_kept(edit)
        self.hang_up()


def differences(savers, rows):
    """What journals and database disagree about; `rows` are (op, number, text, state) of all revisions."""
    stored = {str(op): (number, text) for op, number, text, _ in rows}
    written = {edit.op: edit for saver in savers for edit in saver.journal}
    lost = [op for op, edit in written.items() if edit.acked_at and op not in stored]
    changed = [op for op in stored.keys() & written if stored[op] != (written[op].number, written[op].text)]
    invented = [op for op in stored if op not in written]
    doubled = len(rows) - len(stored)
    found = {"lost": lost, "changed": changed, "invented": invented, "doubled": doubled}
    return {what: which for what, which in found.items() if which}
