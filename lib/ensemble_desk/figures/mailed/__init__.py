"""What is mailed: a report that needs no program and no network, and the still charts in it."""
