"""Which requests hurry, and which are never refused: the contestants' work comes before all pages.

Paths are without their query.
"""

import re

SAVES = re.compile(r"/(exam/save|api/v1/me/save)/$")
HAND_INS = re.compile(r"/(exam|api/v1/me)/submit/$")
PROBES = re.compile(r"/(healthz|readyz|metrics)$")
# The form that hands in and the receipt that says so: many at the closing bell, and dearer than a save.
AROUND_A_HAND_IN = re.compile(r"/exam/(submit|receipt)/$")
SAVE_WITHOUT_SCRIPTS = "/exam/paper/"


def is_urgent(method: str | None, path: str) -> bool:
    """What is served before all others: the database's clock counts the wait against the contestant."""
    if SAVES.match(path) or PROBES.match(path):
        return True
    return method == "POST" and (path == SAVE_WITHOUT_SCRIPTS or HAND_INS.match(path) is not None)


def is_never_refused(method: str | None, path: str) -> bool:
    """What is served however long it has waited."""
    return is_urgent(method, path) or AROUND_A_HAND_IN.match(path) is not None
