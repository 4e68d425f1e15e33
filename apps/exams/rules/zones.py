"""Which time zones there are."""

import zoneinfo
from functools import cache


@cache
def known_zones() -> frozenset[str]:
    """The names of the time zone database; looked up once, for that opens some six hundred files."""
    return frozenset(zoneinfo.available_timezones())
