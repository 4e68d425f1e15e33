"""The sitting's pages."""
