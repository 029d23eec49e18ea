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

    def bars(
        self, key: Key, *, last: int | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> Bars:
        """The bars of a key, checked and adjusted: later than the aware time ``since``, up to and including ``until``.

        Of these the ``last`` ones; None leaves a border out. What is asked for is what is read.

        Raises
        ------
        SourceError
            When it has no bars of the key, or none in that time.
        """
        ...

    def count(self, key: Key, *, since: datetime | None = None) -> int:
        """How many bars of a key there are, or how many are later than ``since``; 0 when it has none."""
        ...

    def digest(self, key: Key, *, until: datetime | None = None) -> str:
        """What differs as soon as a bar of the key (up to ``until``) came, went or changed; '' when it has none."""
        ...

    def describe(self, key: Key) -> str:
        """One phrase for people, for example ``bundled sample, to 2013-03-01``."""
        ...
