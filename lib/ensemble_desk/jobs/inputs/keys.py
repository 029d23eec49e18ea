"""Which keys a command works on: one symbol or timeframe, the symbols of a file, a part of all."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ensemble_desk.errors import UnknownKeyError
from ensemble_desk.jobs import arguments, output
from ensemble_desk.market.keys import Key
from ensemble_desk.work import selection
from ensemble_desk.work.selection import Shard

OneSymbol = Annotated[str | None, typer.Option("--symbol", help="Only this ticker symbol.")]
OneTimeframe = Annotated[str | None, typer.Option("--timeframe", help="Only this timeframe.")]
Part = Annotated[
    str | None,
    typer.Option("--shard", metavar="PART", help="Only this part of the keys, such as 3/8; each key is in one of 8."),
]
SymbolsFrom = Annotated[
    Path | None, typer.Option("--symbols-from", metavar="FILE", help="Only the symbols of this file, one a line.")
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was said of the keys.

    Attributes
    ----------
    symbols : of a file; None: nobody named one.
    """

    symbol: str | None = None
    timeframe: str | None = None
    symbols: frozenset[str] | None = None
    shard: Shard | None = None

    def of(self, known: Sequence[Key]) -> tuple[Key, ...]:
        """Give the keys meant; raises UnknownKeyError when the symbol named has none."""
        asked = arguments.key(self.symbol or "A", self.timeframe or "d1")
        found = tuple(
            key
            for key in known
            if (self.symbol is None or key.symbol == asked.symbol)
            and (self.timeframe is None or key.timeframe == asked.timeframe)
        )
        if self.symbol is not None and not found:
            raise UnknownKeyError(asked if self.timeframe else asked.symbol)
        return tuple(filter(self.holds, found))

    def holds(self, key: Key) -> bool:
        """Whether a key is of the symbols of the file and in the part, as far as these were named."""
        return (self.symbols is None or key.symbol in self.symbols) and (self.shard is None or self.shard.holds(key))

    def tell_missing(self, known: Sequence[Key]) -> bool:
        """Tell which symbols of the file are none here; whether there is any."""
        there = {key.symbol for key in known}
        missing = sorted((self.symbols or frozenset()) - there)
        for symbol in missing:
            output.note(f"error: {UnknownKeyError(symbol)}")
        return bool(missing)


def wanted(
    symbol: str | None = None,
    timeframe: str | None = None,
    shard: str | None = None,
    symbols_from: Path | None = None,
) -> Wanted:
    """Read what was said of the keys; raises InvalidShardError, SymbolListError."""
    if symbol is not None and symbols_from is not None:
        message = "say either one symbol or --symbols-from"
        raise typer.BadParameter(message)
    part = None if shard is None else Shard.parse(shard)
    return Wanted(
        symbol, timeframe, None if symbols_from is None else frozenset(selection.symbols_from(symbols_from)), part
    )
