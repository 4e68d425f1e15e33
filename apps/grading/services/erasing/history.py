"""The history of the rows, with the reasons that were given for changing them."""

import re
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import apps
from pghistory.models import Context, Event

from apps.access.models import AccessKey, Contestant, Registration

ERASED = "[erased]"


def erase_history(contestant_id: int, words: Sequence[str]) -> None:
    """Remove every event about the contestant, and the contexts that tell of nobody else.

    A context that is about others too (a roster, a revoked batch) stays, without the words that name the
    person. The act of erasing writes nothing here: its own record does.
    """
    touched: set[uuid.UUID] = set()
    for events in events_about(contestant_id):
        touched |= set(events.exclude(pgh_context=None).values_list("pgh_context_id", flat=True))
        events.delete()
    shared = still_told(touched)
    Context.objects.filter(pk__in=touched - shared).delete()
    for context in Context.objects.filter(pk__in=shared):
        without = without_words(context.metadata, words)
        if without != context.metadata:
            Context.objects.filter(pk=context.pk).update(metadata=without)


def events_about(contestant_id: int) -> list[Any]:
    return [
        event_model(Contestant).objects.filter(pgh_obj_id=contestant_id),
        event_model(Registration).objects.filter(contestant_id=contestant_id),
        event_model(AccessKey).objects.filter(contestant_id=contestant_id),
    ]


def event_model(model: Any) -> Any:
    return model.pgh_event_model


def still_told(contexts: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the contexts under which other rows changed as well."""
    models: list[Any] = [model for model in apps.get_models() if issubclass(model, Event)]
    return {
        context
        for model in models
        for context in model.objects.filter(pgh_context__in=contexts)
        .values_list("pgh_context_id", flat=True)
        .distinct()
    }


def without_words(value: Any, words: Sequence[str]) -> Any:
    """The same tree with the words taken out of its texts."""
    match value:
        case str():
            for word in words:
                value = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", ERASED, value, flags=re.IGNORECASE)
            return value
        case dict():
            return {key: without_words(one, words) for key, one in value.items()}
        case list():
            return [without_words(one, words) for one in value]
    return value
