"""Loading pickles without running them: an exact allow-list, recipes first, objects after checks."""
