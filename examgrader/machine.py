"""What the machine says of itself: room on its disks, the last backup."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system that the product's own files lie on; the database's may be another machine's."""

    name: str
    free: int
    size: int

    @property
    def free_percent(self) -> int:
        return round(100 * self.free / self.size) if self.size else 0


def disks() -> list[Disk]:
    """The file systems of the product, and of the backups where their stamp says where those lie."""
    places = {"application": settings.BASE_DIR}
    if settings.BACKUP_STAMP:
        places["backups"] = Path(settings.BACKUP_STAMP).parent
    found = []
    for name, place in places.items():
        try:
            usage = shutil.disk_usage(place)
        except OSError:
            continue
        found.append(Disk(name=name, free=usage.free, size=usage.total))
    return found


def backed_up_at() -> datetime | None:
    """When the last good backup ended: the backup touches the stamp then. None: never, or not known here."""
    if not settings.BACKUP_STAMP:
        return None
    try:
        return datetime.fromtimestamp(Path(settings.BACKUP_STAMP).stat().st_mtime, tz=UTC)
    except OSError:
        return None
