"""From the bytes of a file of any kind to a table of cells."""
