"""Errors of keys, bars and features."""

from collections.abc import Sequence

from ensemble_desk.errors.base import DeskError, listed


class InvalidSymbolError(DeskError):
    """A text cannot be a ticker symbol."""

    def __init__(self, symbol: str, problem: str) -> None:
        self.symbol = symbol
        super().__init__(
            f"{symbol!r} is not a ticker symbol: {problem}. Use one such as AAPL, BRK.B, ^GSPC or BTC/USD."
        )


class InvalidTimeframeError(DeskError):
    """A text names no timeframe."""

    def __init__(self, timeframe: str, *, known: Sequence[str]) -> None:
        self.timeframe = timeframe
        super().__init__(f"{timeframe!r} is not a timeframe. Use one of {listed(known, most=20)}.")


class InvalidHorizonError(DeskError):
    """A text or number names no horizon of this timeframe."""

    def __init__(self, horizon: object, *, timeframe: str, known: Sequence[str]) -> None:
        super().__init__(f"{horizon!r} is not a horizon of {timeframe}. Use one of {listed(known)}.")


class DownwardResampleError(DeskError):
    """Finer bars were asked of coarser ones."""

    def __init__(self, timeframe_from: str, timeframe_to: str) -> None:
        self.timeframe_from, self.timeframe_to = timeframe_from, timeframe_to
        super().__init__(
            f"{timeframe_from} bars cannot become {timeframe_to} bars: what happened inside a bar is not known. "
            f"Provide {timeframe_to} bars or finer ones."
        )


class InvalidBarsError(DeskError):
    """A price table breaks the bar contract; `problems` holds one sentence each.

    ``n_separable`` rows are all that is wrong, and the others could do without them; 0 when that would not help.
    """

    def __init__(self, subject: str, problems: Sequence[str], *, n_separable: int = 0) -> None:
        self.subject, self.problems, self.n_separable = subject, tuple(problems), n_separable
        way_out = "Correct these rows or ask to leave them out (--leave-out)" if n_separable else "Correct these rows"
        super().__init__(f"{subject} cannot be used: {'; '.join(self.problems)}. {way_out}, then retry.")


class TooFewBarsError(DeskError):
    """There is not enough history for what was asked."""

    def __init__(self, subject: str, *, have: int, need: int, purpose: str) -> None:
        self.have, self.need = have, need
        super().__init__(f"{subject} has {have} bars; {purpose} needs at least {need}. Provide a longer history.")


class MissingFeaturesError(DeskError):
    """A frame lacks columns that the version was trained on."""

    def __init__(self, missing: Sequence[str], *, version: str = "the version") -> None:
        self.missing = tuple(missing)
        super().__init__(
            f"{len(self.missing)} feature(s) that {version} was trained on are missing: {listed(missing, most=40)}. "
            "Add these columns, or pass bars (open, high, low, close, volume) instead."
        )


class InvalidFeaturesError(DeskError):
    """A frame of ready features holds values a member cannot take."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"The features cannot be used: {problem}.")


class FeatureSetError(DeskError):
    """A named feature set is not there, or its function cannot be used."""

    def __init__(self, name: str, problem: str) -> None:
        self.name, self.problem = name, problem
        advice = "Correct the function, or DESK_FEATURES, which names it, or import its rows"
        super().__init__(
            f"The feature set {name!r} cannot be used: {problem}. {advice}; list them with: desk features list"
        )
