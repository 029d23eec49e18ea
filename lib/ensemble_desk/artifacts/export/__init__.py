"""Exporting a team's own file, where its libraries are installed, into a version that is plain data."""
