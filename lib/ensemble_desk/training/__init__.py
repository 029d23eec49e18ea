"""From bars to a published version, for one key or the fleet."""
