"""The product's settings, with the references' pages beside its own."""

from examgrader.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.references"
# A crowd that asks without pause fills the queue on purpose; it wants to be served, not refused.
SHED_AFTER_SECONDS = dict.fromkeys(SHED_AFTER_SECONDS, float("inf"))  # noqa: F405
