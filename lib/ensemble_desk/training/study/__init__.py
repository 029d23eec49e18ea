"""The walk-forward study: what sets of members would have forecast quarter after quarter, and what that was worth."""
