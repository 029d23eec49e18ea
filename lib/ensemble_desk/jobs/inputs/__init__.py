"""What comes from outside: files of bars, and features of a team's own."""
