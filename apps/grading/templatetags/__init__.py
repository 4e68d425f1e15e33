"""How points and ranks are written on pages."""
