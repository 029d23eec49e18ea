"""Who may do what: roles that the database gives to people, and tokens of jobs and services."""
