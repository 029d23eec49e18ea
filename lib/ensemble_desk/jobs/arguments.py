"""Arguments and options that several commands share, and how their texts are read."""

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from ensemble_desk.market.keys import Key

TIMEFRAMES = "m1 m5 m10 m15 m30 h1 h2 h4 h8 h12 d1 w1 or mn1; also 1d, 30m, 1h, 1M."

Symbol = Annotated[str, typer.Argument(metavar="SYMBOL", help="Ticker symbol, for example AAPL or ^GSPC.")]
Timeframe = Annotated[str, typer.Argument(metavar="TIMEFRAME", help=TIMEFRAMES)]
MaybeSymbol = Annotated[str | None, typer.Argument(metavar="[SYMBOL]", help="Ticker symbol; all when left out.")]
MaybeTimeframe = Annotated[str | None, typer.Argument(metavar="[TIMEFRAME]", help=TIMEFRAMES)]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="For example 20250121 or 20250121r02.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept with the deployment.")]
ActorName = Annotated[str | None, typer.Option("--actor", help="Who acts; DESK_ACTOR or the login name by default.")]
Expected = Annotated[
    int | None,
    typer.Option("--expected-revision", help="Refuse when production is at another revision than this one."),
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", min=1, help="Processes at once; DESK_JOBS or one a core by default.")
]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, max=2**31 - 1, help="At most so many rows; all by default.")
]
KeepAs = Annotated[
    str | None,
    typer.Option("--keep-as", help="Keep what was said about the file under this name, for all files of its shape."),
]


def key(symbol: str, timeframe: str) -> Key:
    return Key(symbol.strip().upper(), timeframe.strip())


def optional_key(symbol: str | None, timeframe: str | None) -> Key | None:
    """Read a key that may be left out as a whole, but not by half."""
    if symbol is None:
        return None
    if timeframe is None:
        message = "say the TIMEFRAME as well, for example d1"
        raise typer.BadParameter(message)
    return key(symbol, timeframe)


def names(text: str) -> tuple[str, ...]:
    """Read names with commas between them, each once."""
    found = tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip().lower())))
    if not found:
        message = "say at least one name"
        raise typer.BadParameter(message)
    return found


def day(text: str) -> date:
    """Read a day such as 2013-01-31 or 20130131."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        message = f"{text!r} is no day; write it as 2013-01-31"
        raise typer.BadParameter(message) from None


def moment(text: str) -> datetime:
    """Read a moment such as 2013-01-31 or 2013-01-31T14:00+01:00; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(text.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # some zone puts it before the first or after the last year
        message = f"{text!r} is no moment; write it as 2013-01-31T14:00"
        raise typer.BadParameter(message) from None
