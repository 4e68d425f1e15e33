"""What is asked of the stack, and whether what came back is what was asked for."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from apps.submissions.models import Answer, AnswerRevision, Submission
from benchmarks import room
from benchmarks.client import Asking, Each, Same, Tally, Typing, request
from benchmarks.room import Room, Seat

SINGLE = (5,)  # the problem that single edits are for, and those of batches of four
FOUR = (1, 2, 3, 4)
NAIVE = (6,)
OK, FOUND = 200, 302


@dataclass(frozen=True)
class Scenario:
    """One kind of question. `server` is who is asked; `check` says how many answers were right."""

    name: str
    server: str
    ask: Callable[[int], Sequence[Asking]]
    expected: int = OK
    before: Callable[[], object] = lambda: None
    count_kept: Callable[[], int] | None = None
    edits: int = 0


def scenarios(rows: Room, connections: int) -> list[Scenario]:
    """In the order they are asked in each round.

    Who opens the paper takes the pen from the page before: those who write, read and hand in sit apart.
    """
    typists, readers = rows.seats[:connections], rows.seats[connections : 2 * connections]
    leavers = rows.seats[2 * connections :]
    naive = [room.naive_headers() for _ in typists]

    def save(numbers: Sequence[int]) -> Callable[[int], Sequence[Asking]]:
        def ask(run: int) -> Sequence[Asking]:
            heads = zip(typists, room.revisions(typists, numbers), strict=True)
            return [
                Typing("/exam/save/", room.saving_headers(one), str(one.device), run, bases)
                for one, bases in heads
            ]

        return ask

    def save_naively(run: int) -> Sequence[Asking]:
        heads = zip(typists, naive, room.revisions(typists, NAIVE), strict=True)
        return [
            Typing(f"/benchmark/naive-save/{one.submission_id}/", headers, str(one.device), run, bases)
            for one, headers, bases in heads
        ]

    def hand_in(_: int) -> Sequence[Asking]:
        shares = [leavers[place::connections] for place in range(connections)]
        return [Each([room.page(one, "POST", "/exam/submit/") for one in share]) for share in shares]

    def each(question: Callable[[Seat], bytes]) -> Callable[[int], Sequence[Asking]]:
        return lambda _: [Same(question(one)) for one in readers]

    return [
        Scenario("bare gunicorn hello", "bare", each(lambda _: request("GET", "/", {}))),
        Scenario("Django hello", "plain", each(lambda _: request("GET", "/benchmark/hello/", {}))),
        Scenario("save", "product", save(SINGLE), count_kept=revision_count, edits=1),
        Scenario("save of four", "product", save(FOUR), count_kept=revision_count, edits=4),
        Scenario("heartbeat", "product", each(heartbeat)),
        Scenario("naive ORM save", "product", save_naively, count_kept=revision_count, edits=1),
        Scenario("hello, whole chain", "product", each(lambda _: request("GET", "/benchmark/hello/", {}))),
        Scenario("paper page", "product", each(lambda one: room.page(one, "GET", "/exam/paper/"))),
        Scenario("enter with a key", "product", each(enter), expected=FOUND),
        Scenario(
            "hand in",
            "product",
            hand_in,
            expected=FOUND,
            before=lambda: room.reopen(leavers),
            count_kept=lambda: Submission.objects.exclude(submitted_at=None).count(),
        ),
    ]


def heartbeat(one: Seat) -> bytes:
    body = json.dumps({"device": str(one.device), "notices": 0, "edits": []})
    return request("POST", "/exam/save/", room.saving_headers(one), body.encode())


def enter(one: Seat) -> bytes:
    return room.page(one, "POST", "/enter/", urlencode({"key": one.key}))


def revision_count() -> int:
    """Texts that became current: what was kept apart as a conflict counts for nothing here."""
    return sum(Answer.objects.values_list("revision", flat=True))


def refuse_wrong_answers(scenario: Scenario, tally: Tally, kept: int | None) -> None:
    """A benchmark of refusals would be fast. What was acknowledged stands in the database, once."""
    if set(tally.answered) != {scenario.expected}:
        raise SystemExit(f"{scenario.name}: answered {dict(tally.answered)}, not {scenario.expected} only.")
    if kept is not None and kept != tally.count * (scenario.edits or 1):
        raise SystemExit(f"{scenario.name}: {tally.count} were acknowledged and {kept} kept.")


def everything_kept() -> bool:
    """Each answer has a row for each of its revisions."""
    return revision_count() == AnswerRevision.objects.exclude(revision=None).count()
