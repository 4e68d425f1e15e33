"""What befalls whom of a crowd."""

from dataclasses import dataclass

# One contestant in so many, counted from this one.
ACCIDENTS = {"reload": (4, 1), "cut": (5, 2), "second device": (20, 4), "no script": (20, 7)}


@dataclass(frozen=True)
class Habits:
    """What befalls this contestant. Times are shares of the writing time: 0 its beginning, 1 its end.

    `reloads_at`: the page is loaded again. `cut_at`: the network is away for `cut_seconds`, typing goes on.
    `second_device_at`: another device enters with the same key, and takes the paper over.
    """

    has_script: bool = True
    loads_assets: bool = False
    reloads_at: float | None = None
    cut_at: float | None = None
    # Shorter than the 10 s in which an edit is to be acknowledged though a process dies, which `make chaos`
    # measures on the same crowd: waiting for one's own network is nobody's fault.
    cut_seconds: float = 6.0
    second_device_at: float | None = None


def habits_of(place: int, *, loads_assets: bool) -> Habits:
    """Spread accidents over a crowd: each kind occurs among any twenty contestants who stand together."""
    where = (place * 0.37) % 0.6 + 0.2
    is_any = {name: place % every == offset for name, (every, offset) in ACCIDENTS.items()}
    return Habits(
        loads_assets=loads_assets,
        has_script=not is_any["no script"],
        reloads_at=where if is_any["reload"] else None,
        cut_at=where if is_any["cut"] else None,
        second_device_at=where if is_any["second device"] else None,
    )
