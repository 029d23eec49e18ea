"""Verified versions out of memory, and the ensembles that follow production."""
