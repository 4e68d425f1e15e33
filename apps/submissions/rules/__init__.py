"""Plain arithmetic and policy of the sitting."""
