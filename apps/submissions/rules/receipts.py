"""What a receipt says, and how its signature is checked; anybody may do the same with the public key."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from apps.core.codes import random_code

FORMAT = "examgrader-receipt/1"
CODE_GROUPS, GROUP_LENGTH = 3, 4


@dataclass(frozen=True)
class AnswerHeld:
    """One answer as the paper held it when it was closed; revision 0 is blank."""

    number: int
    revision: int
    text: str


@dataclass(frozen=True)
class PaperHeld:
    """What is certified about a paper besides its answers."""

    exam: str
    contestant: str
    started_at: datetime
    deadline_at: datetime
    submitted_at: datetime
    submitted_by: str


def new_code() -> str:
    """Twelve random symbols in groups of four; 31**12 of them do not collide."""
    return "-".join(random_code(GROUP_LENGTH) for _ in range(CODE_GROUPS))


def write_body(*, number: int, code: str, paper: PaperHeld, answers: Iterable[AnswerHeld]) -> str:
    """The canonical JSON that is signed: sorted keys, no blanks, times in UTC, one digest for each answer."""
    tree = {
        "format": FORMAT,
        "number": number,
        "code": code,
        "exam": paper.exam,
        "contestant": paper.contestant,
        "started_at": instant(paper.started_at),
        "deadline_at": instant(paper.deadline_at),
        "submitted_at": instant(paper.submitted_at),
        "submitted_by": paper.submitted_by,
        "answers": [
            {"number": answer.number, "revision": answer.revision, "sha256": sha256(answer.text)}
            for answer in sorted(answers, key=lambda answer: answer.number)
        ],
    }
    return json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def signing_key(secret: str) -> Ed25519PrivateKey:
    """The private key, made from the setting's text (32 bytes are its SHA-256)."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret.encode()).digest())


def public_key(secret: str) -> str:
    """The public key in hexadecimal, 32 bytes, as published beside each receipt."""
    return signing_key(secret).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def sign(body: str, secret: str) -> str:
    """Ed25519 (RFC 8032) over the body's UTF-8 bytes, in hexadecimal."""
    return signing_key(secret).sign(body.encode()).hex()


def is_genuine(*, body: Any, signature: Any, key: str) -> bool:
    """Whether the signature over the body was made with the private half of `key`."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), body.encode())
    except (InvalidSignature, ValueError, TypeError, AttributeError):
        return False
    return True
