"""What is served before everything else, and never refused: saving, handing in, its receipt, and probes."""

import re

PATHS = re.compile(r"/(exam/(save|submit|receipt)|api/v1/me/(save|submit)|healthz|readyz|metrics)\b")
SAVE_WITHOUT_SCRIPTS = ("POST", "/exam/paper/")


def is_urgent(method: str | None, path: str) -> bool:
    """Whether a request for this path, without its query, is one of them."""
    return PATHS.match(path) is not None or (method, path) == SAVE_WITHOUT_SCRIPTS
