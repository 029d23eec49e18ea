"""The production pointer of every key and its chained history, as stored."""
