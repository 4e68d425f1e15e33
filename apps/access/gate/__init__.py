"""Who a contestant is: by cookies in a browser, by a token in a program."""

from apps.access.gate.bearer import (
    ContestantAuthentication,
    ContestantToken,
    ContestantView,
    SignedOut,
    contestant_of,
)
from apps.access.gate.cookies import (
    ContestantRequest,
    contestant_reading,
    contestant_required,
    cookie_here_name,
    cookie_name,
    remembered,
    sign_in,
    sign_out,
    turned_away,
)
from apps.access.gate.failures import FAILURES
from apps.access.selectors.entry import SignedIn

__all__ = [
    "FAILURES",
    "ContestantAuthentication",
    "ContestantRequest",
    "ContestantToken",
    "ContestantView",
    "SignedIn",
    "SignedOut",
    "contestant_of",
    "contestant_reading",
    "contestant_required",
    "cookie_here_name",
    "cookie_name",
    "remembered",
    "sign_in",
    "sign_out",
    "turned_away",
]
