"""The overview of every key."""
