"""What every source of bars can do."""

from datetime import datetime
from typing import Protocol, runtime_checkable

from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key


@runtime_checkable
class BarSource(Protocol):
    """A place that bars come from; one that has no bars of a key says so by SourceError, never by an empty table."""

    name: str

    def symbols(self) -> tuple[str, ...]:
        """Every symbol it has, in the order to show."""
        ...

    def keys(self) -> tuple[Key, ...]:
        """Every (symbol, timeframe) it has bars of."""
        ...

    def bars(self, key: Key, *, until: datetime | None = None) -> Bars:
        """The bars of a key, checked and adjusted, up to and including the aware time ``until``.

        Raises
        ------
        SourceError
            When it has no bars of the key, or none that early.
        """
        ...

    def describe(self, key: Key) -> str:
        """One phrase for people, for example ``bundled sample, to 2013-03-01``."""
        ...
