"""What stands in a cell: texts, numbers and times as people and programs write them."""
