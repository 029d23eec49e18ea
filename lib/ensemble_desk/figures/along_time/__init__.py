"""What charts along time share: the range that is looked at, marks where production moved, months as a calendar."""
