"""Going back, with one key or with many."""
