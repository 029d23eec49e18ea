"""What lists are filtered by, as values that name a question."""

from dataclasses import dataclass
from datetime import date

from ensemble_desk.registry.index.paging import Order


@dataclass(frozen=True, slots=True)
class VersionFilter:
    """A question to the version index; None leaves a field open. Dates are whole days in UTC, both included."""

    symbol: str | None = None
    timeframe: str | None = None
    state: str | None = None
    since: date | None = None
    until: date | None = None
    order: Order = "created_at"
    descending: bool = True
    limit: int = 25


@dataclass(frozen=True, slots=True)
class RunFilter:
    """A question to the list of training runs; None leaves a field open."""

    status: str | None = None
    symbol: str | None = None
    timeframe: str | None = None
    limit: int = 25
