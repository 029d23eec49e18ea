"""What is kept of the log, compared with the log: sums, states, days and marks that somebody changed are named."""
