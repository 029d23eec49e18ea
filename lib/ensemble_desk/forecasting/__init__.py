"""Forecasts for every horizon of a timeframe."""
