"""Copies of everything in another folder, and bringing them back."""
