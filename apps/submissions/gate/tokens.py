"""The token a page saves with: signed, for one paper only, and never a cookie.

A page's outbox carries it, so that a shared computer can still send A's work while B is signed in, and so
that saving needs no CSRF token. It does not expire: the save path itself checks the key and its epoch.
"""

import uuid
from functools import lru_cache

from django.core import signing
from django.http import HttpRequest

from apps.submissions.services.saving import SavePass

SALT = "examgrader.save"
SCHEME = "Bearer "
MOST_REMEMBERED = 5000  # pages open at once in one process; about two megabytes


def issue_save_token(save_pass: SavePass) -> str:
    """A token for the page's `data-save-token`."""
    numbers = [save_pass.submission_id, save_pass.key_id, save_pass.epoch, save_pass.paper_version]
    return signing.dumps([*numbers, save_pass.page and save_pass.page.hex], salt=SALT)


def read_save_token(request: HttpRequest) -> SavePass | None:
    """What the `Authorization: Bearer …` header names, None if it is missing or not ours."""
    header = request.META.get("HTTP_AUTHORIZATION", "")  # `request.headers` is made of all of them
    return pass_of(header.removeprefix(SCHEME)) if header.startswith(SCHEME) else None


def pass_of(token: str) -> SavePass | None:
    """What a token says, None if it is not ours."""
    try:
        return open_token(token)
    except (signing.BadSignature, TypeError, ValueError):
        return None


@lru_cache(maxsize=MOST_REMEMBERED)
def open_token(token: str) -> SavePass:
    """What a token of ours says; raises for any other, which is not remembered.

    A page saves with one token all along. Whether its key is still good the statement asks each time.
    """
    submission_id, key_id, epoch, paper_version, page = signing.loads(token, salt=SALT)
    return SavePass(submission_id, key_id, epoch, paper_version, page and uuid.UUID(hex=page))
