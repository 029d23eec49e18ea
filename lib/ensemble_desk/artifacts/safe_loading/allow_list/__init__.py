"""The names that an artifact may ask for, and the functions that make each from checked parts."""
