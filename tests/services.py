"""A pytest plugin: PostgreSQL and Valkey run before Django reads its settings."""

import pytest

from examgrader import localservices

try:
    localservices.attach(even_with_database=True)
except localservices.ServicesUnavailable as refusal:
    raise pytest.UsageError(str(refusal)) from None
