"""Live accuracy, drift and alerts."""
