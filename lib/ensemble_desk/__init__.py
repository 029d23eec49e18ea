"""Serve stock-direction forecasts from ensembles of models per symbol and timeframe, and control what is live."""
