"""All that a sitting stands on, started here and for here only, and stopped whatever happens."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from chaos.cache import Cache
from chaos.database import Database
from chaos.web import Web

SECRETS = ("SECRET_KEY", "ACCESS_KEY_PEPPER", "RECEIPT_SIGNING_KEY", "JWT_SIGNING_KEY")


class Stack:
    """A database, a cache, a web server. `restore` makes all of it well again after a case."""

    def __init__(self, folder: Path, *, template: Path | None = None) -> None:
        self.folder = folder
        self.database = Database(folder, template=template)
        self.cache = Cache(folder)
        self.web = Web(folder)

    def start(self) -> None:
        self.database.start()
        self.cache.start()

    def restore(self) -> None:
        """The database and the cache as they are usually; gunicorn new, talking to them directly."""
        self.web.stop()
        self.database.stop()
        self.database.start()
        self.cache.stop()
        self.cache.start()
        self.web.start()

    def stop(self) -> None:
        """All parts, even if one of them will not; what it says is raised at the end."""
        with ExitStack() as parts:
            for part in (self.database, self.cache, self.web):
                parts.callback(part.stop)


@contextmanager
def own_stack(*, template: Path | None = None, keep: bool = False) -> Iterator[Stack]:
    """A stack in a temporary folder. The environment names its servers meanwhile, for Django in here."""
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    folder.chmod(0o711)  # PostgreSQL may run as somebody else, who has to pass through
    for name in SECRETS:
        os.environ[name] = f"{name}-of-a-stack-that-is-to-break-0123456789abcdefghijklmnop"
    stack = None
    try:
        stack = Stack(folder, template=template)
        os.environ |= {
            "DATABASE_URL": stack.database.url(),
            "REDIS_URL": stack.cache.url(),
            "PUBLIC_URL": stack.web.url,
            "DEBUG": "",
            "LOG_LEVEL": "ERROR",
        }
        stack.start()
        yield stack
    finally:
        try:
            if stack is not None:
                stack.stop()
        finally:
            if not keep:
                shutil.rmtree(folder, ignore_errors=True)
