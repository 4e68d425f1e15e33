"""Time closes papers, and the job that records it dies again and again. (21)"""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

from apps.grading.management.rehearsal.line import Line
from apps.grading.management.rehearsal.measures import Recorder
from apps.grading.management.rehearsal.pages import PaperPage
from chaos import exam, lone, processes
from chaos.outcome import Outcome
from chaos.scale import Scale
from chaos.stack import Stack
from chaos.web import ROOT

READERS = 10
FORBIDDEN = 403
LONGEST_RUN = 180.0
TEXT = "Written before time ran out."
CLOSED = """
select count(*) from submissions_submission s join access_registration r on r.id = s.registration_id
where r.exam_id = %s and s.submitted_at is not null and s.submitted_by = 'time'
"""
RECEIPTS = """
select c.submission_id, c.body from submissions_receipt c
join submissions_submission s on s.id = c.submission_id
join access_registration r on r.id = s.registration_id where r.exam_id = %s
"""


def kill_the_closer(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    outcome = Outcome("21", "The job that records the end dies")
    chance = scale.chance("closer")
    sandbox = exam.new_exam(scale.contestants)
    answers = exam.seat_all(sandbox, text=TEXT)
    papers = [lone.at_paper(stack.web.url, one.key, show_paper) for one in sandbox.keys[:READERS]]
    exam.end(sandbox)
    late = [asyncio.run(save_late(stack.web.url, paper)) for paper in papers]
    # Nobody waits for the job: time alone has closed the papers.
    outcome.most(f"accepted of {READERS} saves after the end, before the job ran", late.count(True), 0)
    kills = closed = 0
    for _ in range(scale.times(8 if not scale.is_full else 20)):
        closer = start_closer()
        try:
            wait_until_it_closes(stack, sandbox.exam_id, closer, more_than=closed)
            time.sleep(chance.uniform(0, 0.3))
        finally:
            kills += closer.poll() is None
            processes.send([closer.pid], signal.SIGKILL)
            closer.wait()
        closed = stack.database.one(CLOSED, sandbox.exam_id)
    start_closer().wait(LONGEST_RUN)
    count = len(sandbox.keys)
    receipts = stack.database.ask(RECEIPTS, sandbox.exam_id)
    each = Counter(paper for paper, _ in receipts)
    digest = sha256(TEXT.encode()).hexdigest()
    held = sum(answer["sha256"] == digest for _, body in receipts for answer in json.loads(body)["answers"])
    outcome.done = f"close_overdue killed {kills} times over {count:,} papers, then run to its end"
    outcome.least("kills while it worked", kills, 1)
    outcome.tell("kills", kills, "20 asked")
    outcome.tell("closed when it was killed last", closed)
    outcome.least("papers closed", stack.database.one(CLOSED, sandbox.exam_id), count)
    outcome.least("papers with a receipt", len(each), count)
    outcome.most("papers with two", sum(number > 1 for number in each.values()), 0)
    outcome.most("answers missing in them", answers - held, 0)
    yield outcome


def start_closer() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "manage.py", "close_overdue"], cwd=ROOT, stderr=subprocess.DEVNULL
    )


def wait_until_it_closes(
    stack: Stack, exam_id: int, closer: "subprocess.Popen[bytes]", *, more_than: int
) -> None:
    processes.wait_for(
        lambda: closer.poll() is not None or stack.database.one(CLOSED, exam_id) > more_than,
        within=LONGEST_RUN,
        what="the job closes a paper",
    )


async def show_paper(one: lone.Lone) -> PaperPage:
    return one.paper


async def save_late(url: str, paper: PaperPage) -> bool:
    """Whether a save from a page that is still open was accepted."""
    line = Line(url, Recorder())
    tree = {"device": paper.device, "notices": 0, "edits": [lone.edit(paper.fields[0].number, "late", 1)]}
    try:
        reply = await line.post_json(paper.save_url, tree, token=paper.save_token, action="save")
    finally:
        await line.close()
    return reply.status != FORBIDDEN
