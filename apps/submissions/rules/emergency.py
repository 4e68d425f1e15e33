"""The emergency file: what a page could not send, carried to us by hand when no network comes.

A line of JSON that says whose it is, then twelve bytes and AES-GCM under the paper's `journal_key`, bound to
the paper and the page (`static/js/paper/journal.js` writes it). What is inside was typed when nobody could
see it arrive: it comes too late for certain, and is kept apart like every late draft.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from apps.core.errors import RuleViolation
from apps.submissions.rules.batch import MOST_EDITS, Batch, InvalidBatch, read_batch, read_uuid

if TYPE_CHECKING:
    from collections.abc import Iterable

KIND = "examgrader-emergency-file"
IV_BYTES = 12
LARGEST_FILE = 8 << 20  # fifty of the longest answers in the widest letters, twice


class NotAnEmergencyFile(RuleViolation):
    message = "This is not an emergency file, or not the whole of one."
    code = "not_an_emergency_file"


class FileTooLarge(RuleViolation):
    message = "This file is too large for an emergency file."
    code = "file_too_large"


class DamagedFile(RuleViolation):
    message = "This file cannot be opened: it was changed on its way, or belongs to a paper that was erased."
    code = "damaged_file"


@dataclass(frozen=True)
class SealedFile:
    """What can be read without the paper's key: which paper and which page it is from."""

    submission: uuid.UUID
    device: uuid.UUID
    sealed: bytes


@dataclass(frozen=True)
class Contents:
    """The page's token and its unsent edits, oldest first, in batches that can be saved."""

    token: str
    batches: list[Batch]


def read_file(content: bytes) -> SealedFile:
    """What a file says of itself. Refuses with `FileTooLarge`, `NotAnEmergencyFile`."""
    if len(content) > LARGEST_FILE:
        raise FileTooLarge
    head, _, sealed = content.partition(b"\n")
    tree = parsed(head)
    submission, device = read_uuid(tree.get("submission")), read_uuid(tree.get("device"))
    if tree.get("kind") != KIND or submission is None or device is None or len(sealed) <= IV_BYTES:
        raise NotAnEmergencyFile
    return SealedFile(submission, device, sealed)


def unseal(file: SealedFile, key: bytes) -> Contents:
    """Refuses with `DamagedFile` what this paper's page did not seal, to the letter."""
    owner = f"{file.submission}/{file.device}".encode()
    try:
        opened = AESGCM(key).decrypt(file.sealed[:IV_BYTES], file.sealed[IV_BYTES:], owner)
    except InvalidTag as error:
        raise DamagedFile from error
    tree = parsed(opened)
    edits = tree.get("edits")
    if not isinstance(edits, list) or not all(isinstance(edit, dict) for edit in edits):
        raise DamagedFile
    try:
        batches = [read_batch({"device": str(file.device), "edits": part}) for part in in_batches(edits)]
    except InvalidBatch as error:
        raise DamagedFile from error
    return Contents(str(tree.get("token")), batches)


def parsed(content: bytes) -> dict[str, Any]:
    """A JSON object, empty for anything else."""
    try:
        tree = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return tree if isinstance(tree, dict) else {}


def in_batches(edits: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """In the order they were typed; a batch holds one edit of each answer."""
    batches: list[list[dict[str, Any]]] = [[]]
    for edit in edits:
        last = batches[-1]
        if len(last) == MOST_EDITS or any(other.get("number") == edit.get("number") for other in last):
            batches.append(last := [])
        last.append(edit)
    return batches
