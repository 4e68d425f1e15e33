"""Files that hold secrets or personal data."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def new_private_file(path: Path) -> Iterator[BinaryIO]:
    """A new file for the owner's eyes (0600), complete on the disk at the end of the block or gone.

    Raises FileExistsError rather than writing over anything.
    """
    # O_EXCL decides and creates in one step: two commands cannot both believe the name is free.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
