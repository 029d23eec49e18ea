"""The members of an ensemble, one family a file."""
