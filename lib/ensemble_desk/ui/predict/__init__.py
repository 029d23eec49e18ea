"""Asking a version about recent bars or an upload."""
