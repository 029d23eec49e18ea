"""Which versions there are, and what is known of each."""
