"""The server of the pages: which addresses it knows, and what it does before the first visitor."""
