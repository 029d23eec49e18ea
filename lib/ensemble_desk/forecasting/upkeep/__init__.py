"""What is kept about the log of forecasts: how far it was looked at, and what of it was taken out into files."""
