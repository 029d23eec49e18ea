"""What is kept of outcomes, so that a look begins where the last one ended."""
