"""One synthetic contestant: enters, starts, writes, has an accident perhaps, hands in, reads the result."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from apps.grading.management.rehearsal import journal as lines
from apps.grading.management.rehearsal.habits import Habits
from apps.grading.management.rehearsal.journal import Journal
from apps.grading.management.rehearsal.line import Line, Reply
from apps.grading.management.rehearsal.measures import Recorder
from apps.grading.management.rehearsal.outbox import Outbox
from apps.grading.management.rehearsal.pages import PaperPage, UnexpectedPage, assets_of, csrf_of, read_paper
from apps.grading.management.rehearsal.typist import Typist

PATIENCE = 120.0
LONGEST_BACK_OFF = 10.0
TICK = 1.0
UNHURRIED_SECONDS = 60.0  # who has less time to write thinks less
OK, ELSEWHERE, CLOSED = HTTPStatus.OK, HTTPStatus.FOUND, HTTPStatus.FORBIDDEN
# What may be answered otherwise a moment later; any other refusal is final.
PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


class GaveUp(Exception):
    """A page did not come within the contestant's patience."""


class Contestant:
    """One person with one key. `sit` is the whole of it; each step can also be called by itself."""

    def __init__(
        self,
        *,
        url: str,
        key: str,
        journal: Journal,
        recorder: Recorder,
        seed: int,
        habits: Habits,
        patience: float = PATIENCE,
        place: int = 0,
    ) -> None:
        self.place = place
        self._url, self._key = url, key
        self._journal, self._recorder = journal, recorder
        self._patience = patience
        self._habits = habits
        self._random = random.Random(seed)  # noqa: S311 - nothing secret depends on it
        self._typist = Typist(seed)
        self.line = Line(url, recorder)
        self._assets: set[str] = set()
        self._cover = Reply(0)
        self._pace, self._has_typed = 1.0, False
        self.outbox: Outbox | None = None
        self.is_handed_in = False

    async def sit(self, *, writing_until: float, handing_in_at: float | None = None) -> None:
        """From the key to the receipt. Writes until the one moment, hands in at the other."""
        await self.enter()
        await self.open_paper()
        await self.write(until=writing_until)
        await asyncio.sleep(max(0.0, (handing_in_at or writing_until) - time.time()))
        await self.hand_in()

    async def enter(self) -> None:
        """The entry page, the key, the cover."""
        entry = await self._page("/", action="entry")
        await self._load_assets(entry)
        fields = {"csrfmiddlewaretoken": csrf_of(entry.text), "key": self._key}
        await self._until(
            lambda: self.line.post_form("/enter/", fields, action="enter"), "enter", (ELSEWHERE,)
        )
        self._cover = await self._page("/exam/", action="cover")
        await self._load_assets(self._cover)

    async def open_paper(self) -> None:
        """Press Start, and see the paper; also to come back to it."""
        if 'id="start"' in self._cover.text:
            fields = {"csrfmiddlewaretoken": csrf_of(self._cover.text)}
            await self._until(
                lambda: self.line.post_form("/exam/start/", fields, action="start"), "start", (ELSEWHERE,)
            )
        paper = await self._load_paper()
        self.outbox = Outbox(paper, self.line, self._journal, seed=self._random.getrandbits(32))
        if self._habits.has_script:
            self.outbox.start()

    async def write(self, *, until: float) -> None:
        """Think and type, and go through what one's habits hold in store, until this moment."""
        if self._outbox.paper.fields == ():
            raise UnexpectedPage("a paper without problems")
        if not self._habits.has_script:
            await self._write_by_form(until)
            return
        start = time.time()
        self._pace = min(1.0, (until - start) / UNHURRIED_SECONDS)
        accidents = self._accidents(start, until)
        while (now := time.time()) < until and not self._outbox.is_closed:
            if accidents and now >= accidents[0][0]:
                await accidents.pop(0)[1]()
            elif self._outbox.is_signed_out:
                await self._come_back()
            else:
                next_stop = min(until, *(at for at, _ in accidents)) if accidents else until
                await self._think(next_stop)
                await self._type(next_stop)

    async def hand_in(self) -> None:
        """Wait until all is acknowledged, then press Hand in twice, and see the receipt."""
        if self._habits.has_script and not await self._outbox.drain(time.time() + self._patience):
            raise GaveUp("the last words were never acknowledged")
        page = await self._page("/exam/submit/", action="submit page", expect=(OK, ELSEWHERE))
        if page.status == OK:
            fields = {"csrfmiddlewaretoken": csrf_of(page.text)}
            await self._until(
                lambda: self.line.post_form("/exam/submit/", fields, action="submit"), "submit", (ELSEWHERE,)
            )
        await self._page("/exam/receipt/", action="receipt")
        self.is_handed_in = True
        await self._outbox.stop()

    async def see_result(self, *, action: str = "result") -> None:
        """The result, from the place where one had the receipt open."""
        await self._page("/exam/result/", action=action)

    async def close(self) -> None:
        """Put the device away."""
        if self.outbox is not None:
            await self.outbox.stop()
        await self.line.close()

    # -- Pages --------------------------------------------------------------------------------------------

    @property
    def _outbox(self) -> Outbox:
        if self.outbox is None:
            raise UnexpectedPage("the paper was never opened")
        return self.outbox

    async def _page(self, path: str, *, action: str, expect: tuple[int, ...] = (OK,)) -> Reply:
        return await self._until(lambda: self.line.get(path, action=action, expect=expect), action, expect)

    async def _until(
        self, call: Callable[[], Awaitable[Reply]], action: str, expect: tuple[int, ...]
    ) -> Reply:
        """Press again until it works, as people do: with pauses that grow, and as long as asked to wait."""
        give_up_at = time.monotonic() + self._patience
        failures = 0
        while (reply := await call()).status not in expect:
            is_final = HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
            if is_final and reply.status not in PASSING:
                raise GaveUp(f"{action}: status {reply.status}")
            failures += 1
            longest = min(LONGEST_BACK_OFF, 2.0 ** (failures - 1))
            pause = reply.wait + self._random.uniform(0, longest)
            if time.monotonic() + pause > give_up_at:
                raise GaveUp(f"{action}: {reply.error or f'status {reply.status}'}")
            await asyncio.sleep(pause)
        return reply

    async def _load_paper(self) -> PaperPage:
        page = await self._page("/exam/paper/", action="paper")
        await self._load_assets(page)
        return read_paper(page.text)

    async def _load_assets(self, page: Reply) -> None:
        """Stylesheets and scripts, side by side, once: their names carry a hash, so they are kept."""
        if not self._habits.loads_assets:
            return
        missing = [path for path in assets_of(page.text) if path not in self._assets]
        self._assets.update(missing)
        await asyncio.gather(*(self.line.load(path, action="asset") for path in missing))

    # -- Writing ------------------------------------------------------------------------------------------

    async def _think(self, until: float) -> None:
        """With this before each answer a contestant saves every 10 to 15 s."""
        # The first after any time, so that the crowd does not keep in step.
        shortest = 8 if self._has_typed else 1
        await self._rest(self._random.uniform(shortest, 14) * self._pace, until)

    async def _type(self, until: float) -> None:
        """Type into one field; the script saves a proof every 10 s of this."""
        self._has_typed = True
        field = self._random.choice(self._outbox.paper.fields)
        ticks = 1 if field.kind != "proof" else self._random.randint(2, 12)
        for _ in range(ticks):
            if time.time() >= until or self._outbox.is_closed or not self._outbox.is_writer:
                return
            text = self._typist.next_text(field, self._outbox.answers[field.number].text, TICK)
            self._outbox.type(field.number, text)
            await self._rest(TICK, until)

    async def _rest(self, seconds: float, until: float) -> None:
        await asyncio.sleep(max(0.0, min(seconds, until - time.time())))

    def _accidents(self, start: float, until: float) -> list[tuple[float, Callable[[], Awaitable[None]]]]:
        kinds = (
            (self._habits.reloads_at, self._reload),
            (self._habits.cut_at, self._lose_the_network),
            (self._habits.second_device_at, self._go_to_another_device),
        )
        planned = [(start + share * (until - start), happen) for share, happen in kinds if share is not None]
        return sorted(planned, key=lambda one: one[0])

    async def _reload(self) -> None:
        """The page anew, in the middle of a word: what was not sent is taken over."""
        await self._outbox.stop()
        self.outbox = self._outbox.reopen(await self._load_paper())
        self.outbox.start()

    async def _lose_the_network(self) -> None:
        await self.line.cut()
        mended_at = time.time() + self._habits.cut_seconds
        await self._type(mended_at)
        await asyncio.sleep(max(0.0, mended_at - time.time()))
        self.line.mend()
        self._outbox.wake()

    async def _go_to_another_device(self) -> None:
        """The same key on another machine: it becomes the writer, and what the first still types is kept."""
        first, first_line = self._outbox, self.line
        self.line, self._assets = Line(self._url, self._recorder), set()
        await self.enter()
        await self.open_paper()
        field = self._random.choice(first.paper.fields)
        first.type(field.number, self._typist.next_text(field, first.answers[field.number].text, TICK))
        await first.drain(time.time() + self._patience)
        await first.stop()
        await first_line.close()

    async def _come_back(self) -> None:
        """Signed out in the middle: enter again, and go on with what is unsent."""
        await self._outbox.stop()
        await self.enter()
        self.outbox = self._outbox.reopen(await self._load_paper())
        self.outbox.start()

    async def _write_by_form(self, until: float) -> None:
        """No script has loaded: type, and press Save."""
        while time.time() < until:
            await self._rest(self._random.uniform(10, 15), until)
            if not await self._save_by_form():
                return

    async def _save_by_form(self) -> bool:
        """Post the form; False where the paper turned out to be closed. The new page has new ops."""
        paper = self._outbox.paper
        field = self._random.choice(paper.fields)
        text = self._typist.next_text(field, field.text, TICK * 8)
        sent = {"paper": paper.submission, "op": field.op}
        await self._journal.note(
            [lines.sent(**sent, number=field.number, text=text, based_on=field.revision)]
        )
        form = {"csrfmiddlewaretoken": paper.csrf, "device": paper.device}
        for one in paper.fields:
            shown = text if one is field else one.text
            form |= {
                f"op-{one.number}": one.op,
                f"based_on-{one.number}": str(one.revision),
                f"answer-{one.number}": shown.replace("\n", "\r\n"),
            }
        expect = (ELSEWHERE, CLOSED)
        reply = await self._until(
            lambda: self.line.post_form("/exam/paper/", form, action="save by form", expect=expect),
            "save by form",
            expect,
        )
        if reply.location != "/exam/paper/":
            await self._journal.note([lines.failed(**sent, error=f"status {reply.status}")])
            return False
        await self._journal.note([lines.acked(**sent, state="current", revision=field.revision + 1)])
        self.outbox = Outbox(await self._load_paper(), self.line, self._journal)
        return True
