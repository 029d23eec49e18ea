"""Parts of the audit: each tells what it found, also of rows that cannot be read."""
