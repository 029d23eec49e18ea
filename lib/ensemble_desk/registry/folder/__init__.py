"""The models folder against the index."""
