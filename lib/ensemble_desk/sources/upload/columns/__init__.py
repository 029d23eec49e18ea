"""Which row names the columns, and what each of them means."""
