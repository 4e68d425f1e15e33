"""The only form in which keys are at rest."""

import hashlib
import hmac

from django.conf import settings

from apps.access.rules import keys

# Longer than anybody types; what is beyond it cannot make a key right or wrong.
LONGEST_TYPED = 200


def digest_of(typed: str) -> bytes:
    """HMAC-SHA256 of the symbols under the pepper; anything typed has one, a key or not.

    Without the pepper, which is in no backup of the database, nobody can try keys against the digests.
    """
    symbols = keys.normalise(typed[:LONGEST_TYPED])
    pepper = settings.ACCESS_KEY_PEPPER.encode()
    return hmac.digest(pepper, symbols.encode(errors="surrogatepass"), hashlib.sha256)
