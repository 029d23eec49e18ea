"""What acting on forecasts was worth."""
