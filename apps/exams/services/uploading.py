"""Importing from the console in two steps: a file is checked and kept, then somebody says: import it."""

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from apps.core.errors import RuleViolation
from apps.exams.models import ExamUpload
from apps.exams.services.importing import ExamFileInvalid, ImportedExam, import_exam_file

MAX_UPLOAD_BYTES = 20 * 1024 * 1024
KEPT = timedelta(days=1)


class UploadTooLarge(RuleViolation):
    message = "The files are larger than 20 MB together. The command import_exam takes larger ones."
    code = "upload_too_large"


class UploadGone(RuleViolation):
    message = "This file was imported already, or is a day old. Upload it again."
    code = "upload_gone"


def keep_upload(
    *, name: str, data: bytes, figures: Mapping[str, bytes], actor: AbstractBaseUser, now: datetime
) -> ExamUpload:
    """Check a file as import would, with the figures beside it, and keep it; raises what import raises."""
    if len(data) + sum(map(len, figures.values())) > MAX_UPLOAD_BYTES:
        raise UploadTooLarge
    if figures:
        name, data = _packed(name, data, figures)
    import_exam_file(data=data, name=name, beside={}, actor=actor, now=now, dry_run=True)
    with transaction.atomic():
        ExamUpload.objects.filter(created_at__lt=now - KEPT).delete()
        return ExamUpload.objects.create(user_id=actor.pk, name=name, content=data, created_at=now)


def preview_upload(*, upload_id: int, actor: AbstractBaseUser, now: datetime) -> ImportedExam:
    """What importing a kept file would make; the answer is today's, another exam may have come meanwhile."""
    upload = _own(upload_id, actor, now)
    return import_exam_file(
        data=bytes(upload.content), name=upload.name, beside={}, actor=actor, now=now, dry_run=True
    )


@transaction.atomic
def import_upload(*, upload_id: int, actor: AbstractBaseUser, now: datetime) -> ImportedExam:
    """Import a kept file, once."""
    upload = _own(upload_id, actor, now, for_update=True)
    imported = import_exam_file(data=bytes(upload.content), name=upload.name, beside={}, actor=actor, now=now)
    upload.delete()
    return imported


def _own(upload_id: int, actor: AbstractBaseUser, now: datetime, *, for_update: bool = False) -> ExamUpload:
    uploads = ExamUpload.objects.select_for_update() if for_update else ExamUpload.objects
    upload = uploads.filter(pk=upload_id, user_id=actor.pk, created_at__gte=now - KEPT).first()
    if upload is None:
        raise UploadGone
    return upload


def _packed(name: str, data: bytes, figures: Mapping[str, bytes]) -> tuple[str, bytes]:
    """A file and the figures beside it as the ZIP that somebody might have made of them."""
    if name.lower().endswith(".zip"):
        raise ExamFileInvalid([f"{name}: a ZIP holds its figures; choose no others beside it"])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in {name: data, **figures}.items():
            archive.writestr(part, content)
    return f"{name}.zip", out.getvalue()
