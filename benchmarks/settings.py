"""The product's settings, with the references' pages beside its own."""

from examgrader.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.references"
