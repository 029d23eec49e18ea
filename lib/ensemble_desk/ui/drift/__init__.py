"""Whether accuracy has fallen, since when, and why to believe it."""
