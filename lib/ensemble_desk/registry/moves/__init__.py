"""Moves of production: promote, roll back, undo, quarantine, one key or many."""
