"""Data in, plotly Figure out."""
