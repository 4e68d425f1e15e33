"""The token a page saves with: signed, for one paper only, and never a cookie.

A page's outbox carries it, so that a shared computer can still send A's work while B is signed in, and so
that saving needs no CSRF token. It does not expire: the save path itself checks the key and its epoch.
"""

import uuid

from django.core import signing
from django.http import HttpRequest

from apps.submissions.services.saving import SavePass

SALT = "examgrader.save"
SCHEME = "Bearer "


def issue_save_token(save_pass: SavePass) -> str:
    """A token for the page's `data-save-token`."""
    numbers = [save_pass.submission_id, save_pass.key_id, save_pass.epoch, save_pass.paper_version]
    return signing.dumps([*numbers, save_pass.page and save_pass.page.hex], salt=SALT)


def read_save_token(request: HttpRequest) -> SavePass | None:
    """What the `Authorization: Bearer …` header names, None if it is missing or not ours."""
    header = request.headers.get("Authorization", "")
    if not header.startswith(SCHEME):
        return None
    try:
        fields = signing.loads(header.removeprefix(SCHEME), salt=SALT)
        submission_id, key_id, epoch, paper_version, page = fields
        return SavePass(submission_id, key_id, epoch, paper_version, page and uuid.UUID(hex=page))
    except (signing.BadSignature, TypeError, ValueError):
        return None
