"""What entering counts (docs/metrics.md)."""

from prometheus_client import Counter

ENTRIES = Counter(
    "examgrader_entries_total",
    "Access keys that were typed or sent, by what their holder was told.",
    ["outcome"],
)

LET_IN = ENTRIES.labels("let_in")
UNKNOWN_KEY = ENTRIES.labels("unknown_key")
KEY_REPLACED = ENTRIES.labels("key_replaced")
