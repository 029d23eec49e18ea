"""Times on their way into the database: each has a zone, and is kept in UTC."""

from datetime import UTC, datetime


def in_utc(given: datetime) -> datetime:
    """Give the same moment in UTC; raises ValueError for a time without zone."""
    if given.tzinfo is None:
        message = f"a time without zone reached the database: {given!r}"
        raise ValueError(message)
    return given.astimezone(UTC)
