"""Grading by hand, and the publication of results."""
