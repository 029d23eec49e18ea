"""Fixtures of the forecast log: an empty bench on both databases, and one on SQLite where they do not matter."""

from tests.forecast_bench import bench, sqlite_bench

__all__ = ["bench", "sqlite_bench"]
