"""What a single contestant or grader is promised, asked over HTTP: the part of the list that needs no crowd.

Most seeded defects are to be caught here. (19, 35, 36, 41, 43, 51, 52, 60, 61 in small)
"""

import asyncio
import secrets
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime

from apps.grading.management.rehearsal.line import Line
from apps.grading.management.rehearsal.measures import Recorder
from apps.grading.management.rehearsal.pages import csrf_of, read_paper
from apps.grading.services.rehearsing import Sandbox
from chaos import lone, staff
from chaos.cases.locks import LOCK
from chaos.exam import new_exam
from chaos.lone import Lone, edit
from chaos.outcome import Outcome
from chaos.scale import Scale
from chaos.stack import Stack
from chaos.web import Web

OK, FOUND, FORBIDDEN, UNKNOWN, SERVER = 200, 302, 403, 422, 500
# More racers than one process lets in while another has none: within one, saves of a paper come one after the
# other anyway.
RACES, RACERS = 25, 12
HELD_SECONDS = 0.15
SENT_AGAIN = 4
ENTRIES = 90  # more than the failures that an address may have
PROOF = 10
POISON = '<img src=x onerror="document.title=1">'
PAST = """
update submissions_submission
set started_at = now() - interval '3 hours', deadline_at = now() - %s * interval '1 second'
where public_id::text = %s
"""
OPS = "select count(*) from submissions_answerrevision where op::text = %s"


def keep_promises(stack: Stack, scale: Scale) -> Iterator[Outcome]:
    exam = new_exam(12)
    keys = iter(exam.keys)
    yield about_saving(stack, exam, lambda: next(keys).key)
    yield about_time(stack, lambda: next(keys).key)
    yield about_pages(stack, exam, lambda: next(keys).key)
    yield about_entering(stack, lambda: next(keys).key)


NextKey = Callable[[], str]


def about_saving(stack: Stack, exam: Sandbox, next_key: NextKey) -> Outcome:
    outcome = Outcome("19, 37, 51", "Saving, one contestant")

    async def save(one: Lone) -> None:
        base = next(field.revision for field in one.paper.fields if field.number == PROOF)
        first = await one.save(edit(PROOF, "mine", base))
        stale = await one.save(edit(PROOF, "theirs", base))
        outcome.must("a stale edit is a conflict", holds=states(first, stale) == ["current", "conflict"])
        fresh = read_paper((await one.get("/exam/paper/")).text)
        texts = {field.number: field.text for field in fresh.fields}
        outcome.must("and does not replace the text", holds=texts[PROOF] == "mine")

    async def race(one: Lone) -> None:
        number, base = one.paper.fields[1].number, one.paper.fields[1].revision
        wrong: list[list[str]] = []
        for turn in range(RACES):
            edits = [edit(number, f"{turn}-{racer}", base + turn) for racer in range(RACERS)]
            with stack.database.connect() as holder, holder.transaction():
                # They come while somebody has the paper, and all go on at the same moment.
                holder.execute(LOCK, [one.paper.submission])
                saves = asyncio.gather(*(one.save(each) for each in edits))
                await asyncio.sleep(HELD_SECONDS)
            replies = await saves
            if (came := sorted(states(*replies))) != ["conflict"] * (RACERS - 1) + ["current"]:
                wrong.append(came)
        outcome.most(f"of {RACES} races of {RACERS} edits on one version: not one winner", len(wrong), 0)
        if wrong:
            outcome.tell("first of them", ", ".join(wrong[0]))

    async def repeat(one: Lone) -> None:
        number, rows = one.paper.fields[2].number, []
        for turn in range(RACES):
            op = str(uuid.uuid4())
            await asyncio.gather(*(one.save(edit(number, f"{turn}", turn, op)) for _ in range(SENT_AGAIN)))
            rows.append(stack.database.one(OPS, op))
        outcome.most("of as many edits sent four times at once: kept twice", sum(rows) - RACES, 0)

    for doing in (save, race, repeat):
        lone.at_paper(stack.web.url, next_key(), doing)
    outcome.done = "a stale edit; edits racing on one version; one edit sent four times at once"
    return outcome


def states(*replies: lone.Reply) -> list[str]:
    return [reply.json["edits"][0]["state"] if reply.status == OK else str(reply.status) for reply in replies]


def about_time(stack: Stack, next_key: NextKey) -> Outcome:
    outcome = Outcome("35, 36", "The deadline is the database's")

    def late(after: float) -> Callable[[Lone], Awaitable[int]]:
        async def save(one: Lone) -> int:
            stack.database.ask(PAST, after, one.paper.submission)
            reply = await one.save(edit(one.paper.fields[0].number, "late", one.paper.fields[0].revision))
            return reply.status

        return save

    statuses = [lone.at_paper(stack.web.url, next_key(), late(seconds)) for seconds in (10, 300)]
    outcome.must("saving within the grace is accepted", holds=statuses[0] == OK, value=statuses[0])
    outcome.must("saving after it is not", holds=statuses[1] == FORBIDDEN, value=statuses[1])
    folder = stack.folder / "slow-clock"
    folder.mkdir(exist_ok=True)
    slow = Web(folder, application="chaos.skewed:application")
    try:
        slow.start(WEB_CONCURRENCY="1")
        status = lone.at_paper(slow.url, next_key(), late(300))
    finally:
        slow.stop()
    outcome.must("nor where the application's clock is an hour slow", holds=status == FORBIDDEN, value=status)
    outcome.done = "the deadline moved 10 s and 5 minutes into the past; an application whose clock is slow"
    return outcome


def about_pages(stack: Stack, exam: Sandbox, next_key: NextKey) -> Outcome:
    outcome = Outcome("43, 60, 61", "What a page may not do")
    headers: dict[str, str] = {}

    async def write(one: Lone) -> None:
        bases = {field.number: field.revision for field in one.paper.fields}
        reply = await one.save(edit(PROOF, POISON, bases[PROOF]))
        headers["save"] = reply.headers.get("Cache-Control", "")
        # Only now: opening the paper again takes the pen from the page that was opened before.
        for path in ("/exam/", "/exam/paper/", "/exam/submit/"):
            page = await one.get(path)
            headers[path] = page.headers.get("Cache-Control", "")
            outcome.must(
                f"{path} shows markup as text", holds=states(reply) == ["current"] and POISON not in page.text
            )
        await one.one.hand_in()
        headers["/exam/receipt/"] = (await one.get("/exam/receipt/")).headers.get("Cache-Control", "")

    lone.at_paper(stack.web.url, next_key(), write)
    bare = [path for path, value in headers.items() if "no-store" not in value]
    outcome.most("personal pages without no-store", len(bare), 0)
    task_id = staff.first_task(exam.exam_id, PROOF, datetime.now(UTC))
    pages = asyncio.run(
        staff.read(stack.web.url, [f"/console/grading/gradingtask/{task_id}/score/", *staff.changelists()])
    )
    sheet = pages[0]
    outcome.must(
        "so does the graders' page",
        holds=sheet.status == OK and "onerror" in sheet.text and POISON not in sheet.text,
    )
    editable = [page for page in pages[1:] if 'name="form-TOTAL_FORMS"' in page.text]
    outcome.most("console lists that can be edited in place", len(editable), 0)
    outcome.tell("console lists looked at", len([page for page in pages[1:] if page.status == OK]))
    outcome.done = (
        "markup as an answer, read back by its contestant and by a grader; every list of the console"
    )
    return outcome


def about_entering(stack: Stack, next_key: NextKey) -> Outcome:
    outcome = Outcome("11, 52", "Entering")
    key = next_key()
    statuses = asyncio.run(enter_often(stack.web.url, [key] * ENTRIES))
    outcome.most(
        f"refused of {ENTRIES} right keys from one address", sum(one != FOUND for one in statuses), 0
    )
    stack.cache.stop()
    stack.web.stop()
    stack.web.start()
    wrong = f"AAAA-AAAA-AAAA-{secrets.choice('BCDEF') * 4}"
    statuses = asyncio.run(enter_often(stack.web.url, [wrong, key, wrong, key]))
    outcome.must(
        "answered as usual without Redis",
        holds=statuses == [UNKNOWN, FOUND, UNKNOWN, FOUND],
        value=" ".join(map(str, statuses)),
    )
    stack.cache.start()
    outcome.done = "many right keys in a row; wrong and right ones with Redis stopped"
    return outcome


async def enter_often(url: str, keys: list[str]) -> list[int]:
    line = Line(url, Recorder())
    try:
        page = await line.get("/", action="entry")
        fields = {"csrfmiddlewaretoken": csrf_of(page.text)}
        return [
            (await line.post_form("/enter/", {**fields, "key": key}, action="enter")).status for key in keys
        ]
    finally:
        await line.close()
