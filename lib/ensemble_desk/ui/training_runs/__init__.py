"""Training runs: under way, ended, and started from here."""
