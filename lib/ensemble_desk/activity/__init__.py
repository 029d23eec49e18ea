"""Who did what: one feed out of every table that tells it, notes, single moves, and what is new to whom."""
