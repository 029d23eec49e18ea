"""Commands that say what versions and sets of members are worth."""
