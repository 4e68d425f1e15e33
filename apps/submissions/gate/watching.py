"""What a call of the save path came to is counted, and its contestant noted as heard: after the answer."""

import time
from collections.abc import Sequence
from typing import TypeVar

from django.http import HttpResponse

from apps.core import waiting
from apps.core.afterwards import afterwards
from apps.submissions import metrics
from apps.submissions.rules.batch import Batch
from apps.submissions.selectors.sitting_now import PAPERS
from apps.submissions.services.saving import Saved

Response = TypeVar("Response", bound=HttpResponse)


class Watch:
    """One call of the save path, from its arrival; it does nothing between COMMIT and the answer.

    It arrived before a thread was free for it: the wait is part of what the contestant waits.
    """

    def __init__(self) -> None:
        self.started = time.perf_counter() - waiting.waited()

    def kept(
        self, response: Response, *, paper_id: int, saves: Sequence[Saved], batches: Sequence[Batch]
    ) -> Response:
        """The call was heard and its edits are committed. Without edits it was a heartbeat."""
        seconds = time.perf_counter() - self.started

        def count() -> None:
            has_edits = any(batch.edits for batch in batches)
            closed = has_edits and not saves[-1].is_open
            outcome = "closed" if closed else "kept" if has_edits else "heartbeat"
            metrics.count_call(outcome, seconds, has_edits=has_edits)
            for saved, batch in zip(saves, batches, strict=True):
                if saved.edits:
                    states = ["replayed" if edit.replayed else edit.state for edit in saved.edits]
                    metrics.count_edits(states, margin=(saved.deadline_at - saved.now).total_seconds())
                if batch.waited_ms is not None:
                    metrics.WAITED.observe(batch.waited_ms / 1000)
            PAPERS.note(paper_id)

        afterwards(response, count)
        return response

    def not_kept(self, response: Response, outcome: str) -> Response:
        """Nothing is known to be kept: "refused", "signed_out" or "busy"."""
        seconds = time.perf_counter() - self.started
        afterwards(response, lambda: metrics.count_call(outcome, seconds, has_edits=True))
        return response
