"""Walk-forward splits, metrics, baselines, intervals and marks of leakage; pure."""
