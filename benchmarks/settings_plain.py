"""Django with nothing around a view: the reference called "Django hello"."""

from examgrader.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.references"
MIDDLEWARE: list[str] = []
