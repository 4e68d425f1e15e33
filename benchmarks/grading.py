"""Twenty graders on 1,500 papers with ten answers each: what claim-next and save-score cost.

    make bench-grading                       (ARGS="--seconds 60 --think 2" and so on)

The real application under gunicorn, asked over the loopback device by one thread per grader, each on a
connection of its own, in a database of its own that is made anew. Claim-next is the call by which the page
keeps its answer, claims the next one and fetches its page; save-score is the page's own save.
"""

import argparse
import http.client
import json
import logging
import os
import random
import re
import secrets
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from benchmarks import stack

os.environ["DJANGO_SETTINGS_MODULE"] = "examgrader.settings_test"

DATABASE = "bench_grading"
SAVED, OK, FOUND = 201, 200, 302


def main() -> None:
    options = read_options()
    from examgrader import localservices  # noqa: PLC0415 - before Django reads the settings

    localservices.attach()
    with stack.own_database(DATABASE):
        import django  # noqa: PLC0415

        django.setup()
        logging.disable(logging.WARNING)
        from django.core.management import call_command  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        say(f"Seeding {options.papers} papers with {options.problems} answers each (seed {options.seed}).")
        exam_id, cookies = seed(options)
        with stack.serve() as server:
            measure(options, exam_id, cookies, server)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--graders", type=int, default=20)
    parser.add_argument("--papers", type=int, default=1500)
    parser.add_argument("--problems", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60, help="how long the graders work")
    parser.add_argument("--think", type=float, default=2, help="mean seconds a grader looks at an answer")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def seed(options: argparse.Namespace) -> tuple[int, list[str]]:
    """The papers, the queue and the graders; returns the exam and each grader's session."""
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from apps.exams.enums import StaffRole  # noqa: PLC0415
    from apps.grading.services.queueing import create_grading_tasks  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415

    exam = factories.ExamFactory()
    problems = [factories.ProblemFactory(exam=exam, number=number + 1) for number in range(options.problems)]
    factories.hand_in_papers(problems, options.papers)
    create_grading_tasks(exam_id=exam.pk, now=factories.NOW)
    cookies = []
    for _ in range(options.graders):
        user = factories.UserFactory()
        factories.ExamStaffFactory(exam=exam, user=user, role=StaffRole.GRADER)
        client = Client()
        client.force_login(user)
        cookies.append(client.cookies[settings.SESSION_COOKIE_NAME].value)
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return exam.pk, cookies


class Grader:
    """One grader at one page, as the script of that page behaves."""

    def __init__(self, exam_id: int, session: str, port: int, seed: int) -> None:
        self.exam_id = exam_id
        self.chance = random.Random(seed)  # noqa: S311 - nothing secret: the same graders do the same
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.token = secrets.token_hex(16)  # what the form sends and what the cookie holds
        self.cookies = f"console={session}; csrf={self.token}"
        self.took: dict[str, list[float]] = {"claim-next": [], "save-score": []}
        self.shown, self.page = 0, ""
        self.ahead: list[dict[str, Any]] = []

    def ask(self, method: str, path: str, form: Any = (), **headers: str) -> tuple[int, Any, bytes]:
        body = urlencode([*form, ("csrfmiddlewaretoken", self.token)])
        headers = {"Cookie": self.cookies, "Content-Type": "application/x-www-form-urlencoded", **headers}
        self.line.request(method, path, body if method == "POST" else None, headers)
        response = self.line.getresponse()
        return response.status, response.headers, response.read()

    def start(self) -> None:
        """From the desk to the first answer."""
        base = f"/console/grading/gradingtask/desk/{self.exam_id}"
        status, headers, body = self.ask("POST", f"{base}/next/")
        if status != FOUND:
            raise RuntimeError(f"next: {status} {body[:300]!r}")
        self.shown = int(re.findall(r"/(\d+)/score/", headers["Location"])[0])
        self.page = self.ask("GET", headers["Location"])[2].decode()
        self.claim()

    def claim(self) -> None:
        have = [("have", one["task"]) for one in self.ahead]
        path = f"/console/grading/gradingtask/desk/{self.exam_id}/ahead/"
        status, _, body = self.ask("POST", path, [("shown", self.shown), *have])
        if status != OK:
            raise RuntimeError(f"ahead: {status} {body[:300]!r}")
        known = {one["task"]: one.get("html") for one in self.ahead}
        self.ahead = [
            {**one, "html": one.get("html") or known[one["task"]]} for one in json.loads(body)["ahead"]
        ]

    def save(self) -> None:
        form = [
            ("points", self.chance.randrange(8)),
            *((name, read_value(self.page, name)) for name in ("based_on", "answer_revision")),
        ]
        path = f"/console/grading/gradingtask/{self.shown}/score/"
        status, _, body = self.ask("POST", path, form, Accept="application/json")
        if status != SAVED:
            raise RuntimeError(f"save: {status} {body[:300]!r}")

    def timed(self, name: str, act: Any) -> None:
        began = time.perf_counter()
        act()
        self.took[name].append((time.perf_counter() - began) * 1000)

    def work(self, until: float, think: float) -> None:
        while time.monotonic() < until:
            time.sleep(self.chance.expovariate(1 / think) if think else 0)
            self.timed("save-score", self.save)
            following = self.ahead.pop(0)
            self.shown, self.page = following["task"], following["html"]
            self.timed("claim-next", self.claim)


def read_value(page: str, name: str) -> str:
    return re.findall(rf'name="{name}" value="(\d+)"', page)[0]


def measure(options: argparse.Namespace, exam_id: int, cookies: Sequence[str], server: stack.Server) -> None:
    graders = [
        Grader(exam_id, session, server.port, options.seed + place) for place, session in enumerate(cookies)
    ]
    for grader in graders:  # also fills connections, templates and caches
        grader.start()
    parts = {"application": server.pid, "database": stack.database_pid()}
    before = {part: stack.cpu_ms(pid) for part, pid in parts.items()}
    until = time.monotonic() + options.seconds
    failures: list[BaseException] = []
    threading.excepthook = lambda failed: failures.append(failed.exc_value or RuntimeError())
    threads = [threading.Thread(target=grader.work, args=(until, options.think)) for grader in graders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = {part: stack.cpu_ms(pid) - before[part] for part, pid in parts.items()}
    if failures:
        raise failures[0]
    took = {name: [ms for grader in graders for ms in grader.took[name]] for name in graders[0].took}
    report(options, took, spent)


def report(options: argparse.Namespace, took: dict[str, list[float]], spent: dict[str, float]) -> None:
    actions = sum(len(one) for one in took.values())
    say(f"{options.graders} graders, {options.think:g} s for an answer, {options.seconds:g} s:")
    say(f"{'action':<12}{'count':>8}{'p50 ms':>10}{'p95 ms':>10}{'max ms':>10}")
    for name, times in took.items():
        cuts = statistics.quantiles(times, n=20)
        say(f"{name:<12}{len(times):>8}{cuts[9]:>10.1f}{cuts[18]:>10.1f}{max(times):>10.1f}")
    parts = ", ".join(f"{part} {ms / actions:.1f} ms" for part, ms in spent.items())
    say(f"CPU for one action: {sum(spent.values()) / actions:.1f} ms ({parts}).")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
