"""The folder of artifacts: published whole or not at all, listed without opening, removed cleanly."""
