"""Members, their pool and the forecaster that serves them; no input or output."""
