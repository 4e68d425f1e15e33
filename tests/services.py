"""A pytest plugin: PostgreSQL and Valkey run before Django reads its settings."""

from examgrader import localservices

localservices.attach(even_with_database=True)
