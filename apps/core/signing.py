"""Short texts that only we can have written: cookies, save-only tokens, whatever is believed on return.

They are signed, not encrypted. Django's signer compares in constant time and accepts signatures made with
SECRET_KEY_FALLBACKS, so that a rotated secret signs nobody out.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.signing import BadSignature, Signer

SEPARATOR = "."


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """What a token says, and when it was made."""

    parts: tuple[str, ...]
    sealed_at: datetime

    def numbers(self) -> tuple[int, ...] | None:
        """The parts as whole numbers, or None if one is not."""
        if not all(part.isascii() and part.isdigit() for part in self.parts):
            return None
        return tuple(int(part) for part in self.parts)


def seal(salt: str, *parts: int | str, now: datetime) -> str:
    """A token for one purpose: one made under another salt is never accepted in its place."""
    texts = [str(part) for part in parts]
    if any(SEPARATOR in text for text in texts):
        raise ValueError("A part must not hold the separator: it would be read back as two.")
    return signer(salt).sign(SEPARATOR.join([*texts, str(int(now.timestamp()))]))


def unseal(salt: str, token: str) -> Sealed | None:
    """What the token says; None if we did not write it for this purpose."""
    try:
        *parts, sealed_at = signer(salt).unsign(token).split(SEPARATOR)
    except BadSignature:
        return None
    return Sealed(parts=tuple(parts), sealed_at=datetime.fromtimestamp(int(sealed_at), tz=UTC))


def signer(salt: str) -> Signer:
    return Signer(salt=f"examgrader.{salt}", sep=SEPARATOR)
