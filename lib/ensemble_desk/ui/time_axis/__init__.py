"""The time axis that charts about a key share: one range picker, and marks where production moved."""
