"""What people must be told, over which channels, each once until it changes."""
