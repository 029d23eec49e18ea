"""Who did what over all keys, and the page of one move or of a group of moves."""
