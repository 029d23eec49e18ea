"""Queries that are run all the time, and how they reach the database."""
