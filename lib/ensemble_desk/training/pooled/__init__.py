"""Rows of every symbol, for members that learn from all of them."""
