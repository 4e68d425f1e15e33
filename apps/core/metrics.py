"""What the tools count. docs/metrics.md says what each is for; `examgrader/metrics.py` serves them all."""

from prometheus_client import Counter, Gauge

CACHE_READS = Counter(
    "examgrader_cache_reads_total",
    "Reads of exam content, by where it was found.",
    ["source"],
)
BREAKER_OPENED = Counter(
    "examgrader_breaker_opened_total",
    "Times that Redis failed, or PostgreSQL said nothing, and is left alone for a while.",
    ["helper"],
)
# Of a process that died nobody's state is left: it is not added up any more.
BREAKER_OPEN = Gauge(
    "examgrader_breaker_open",
    "Processes that leave Redis or PostgreSQL alone: it failed, and did not answer since.",
    ["helper"],
    multiprocess_mode="livesum",
)
THROTTLED = Counter(
    "examgrader_throttled_total",
    "Failures that were told to wait because too many came from one address.",
    ["throttle"],
)

# A series that is there from the start can be asked for its rate before the first event.
READ_FROM = {source: CACHE_READS.labels(source) for source in ("memory", "redis", "database")}
for name in ("redis", "postgresql"):
    BREAKER_OPENED.labels(name)
    BREAKER_OPEN.labels(name)
THROTTLED.labels("entry")
