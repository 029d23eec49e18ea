"""Trees as plain arrays: served without scikit-learn."""
