"""What every page about a key stands on: which key people look at, and how it stands."""
