"""Browsing versions, one in full, two side by side."""
