"""What acting on a version's forecasts would have been worth after costs, beside holding without any forecast."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.errors import SourceError
from ensemble_desk.evaluation import value
from ensemble_desk.evaluation.value import Account
from ensemble_desk.forecasting import definitions, matured
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.forecasting.matured import Matured
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import regimes
from ensemble_desk.registry.opening import Registry

_YEAR_DAYS = 365.25
_WINDOW_BARS = 20

NO_RATES = "a version that spoke does not tell its usual rates, which positions are taken against"
NO_OUTCOMES = "no outcome is known yet"


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A key's record of acting on its forecasts, one bar after the other.

    Attributes
    ----------
    version : None for the key as a whole, each bar by the version that forecast it.
    kinds : of the forecasts; replayed ones were made afterwards.
    times : of the bars held, shape (n,).
    acted, held, sized : on the forecasts, buying and holding, holding by volatility; None where ``problem`` is told.
    deflated : probability that the true Sharpe ratio is above what the best of ``n_tried`` worthless versions shows.
    """

    key: Key
    version: str | None
    kinds: tuple[Kind, ...]
    cost_bps: float
    n_tried: int
    times: NDArray[np.datetime64]
    acted: Account | None
    held: Account | None
    sized: Account | None
    deflated: float | None
    problem: str = ""

    @property
    def in_words(self) -> str:
        """What the record is worth, in one sentence."""
        if self.acted is None or self.held is None or self.sized is None:
            return f"There is no record: {self.problem}."
        if self.deflated is None:
            return f"{self.acted.n} bars are too few to say anything; it takes {value.LEAST_BARS}."
        tried = f"{self.n_tried} version{'s' if self.n_tried != 1 else ''} tried"
        chance = f"{min(int(100 * self.deflated), 99)} %"
        if self.acted.yearly <= 0:
            return f"Nothing: after costs acting on it lost {100 * -self.acted.yearly:.1f} % a year."
        if self.deflated < value.PROVEN:
            return f"Nothing that is proven: with {tried} the chance of true worth is {chance}, 95 % would be proof."
        beaten = max(self.held.sharpe or 0.0, self.sized.sharpe or 0.0)
        if (self.acted.sharpe or 0.0) <= beaten:
            return f"Worth something ({chance} with {tried}), but no more for its risk than holding without a forecast."
        return f"Worth something after costs: {chance} with {tried}, and more for its risk than holding."


def record(
    registry: Registry,
    key: Key,
    *,
    version: str | None = None,
    kinds: Sequence[Kind] | None = None,
) -> Record:
    """Act on every matured forecast: position = edge of BULLISH minus edge of BEARISH, held for the horizon.

    Of overlapping forecasts each has 1/h of the capital. Costs are ``DESK_COST_BPS`` of what is traded.

    Parameters
    ----------
    version : None takes the key as a whole.
    kinds : as :func:`ensemble_desk.monitoring.live.accuracy` takes them.

    Raises
    ------
    DatabaseError
    """
    found = definitions.of_key(registry.database, key)
    rows = matured.read(registry.database, key, version=version).of_kinds(kinds).one_a_bar()
    rates = regimes.usual(rows, found)
    nothing = Record(
        key, version, rows.kinds, registry.settings.cost_bps, len(found), rows.as_of[:0], None, None, None, None
    )
    if not len(rows):
        return _problem(nothing, NO_OUTCOMES)
    if rates is None:
        return _problem(nothing, NO_RATES)
    try:
        frame = registry.source.bars(key).frame
    except SourceError as error:
        return _problem(nothing, str(error).rstrip("."))
    return _recorded(nothing, rows, (rows.p - rates) @ np.array([-1.0, 0.0, 1.0]), frame)


def _recorded(nothing: Record, rows: Matured, signal: NDArray[np.float64], frame: pd.DataFrame) -> Record:
    """Lay the signals on the bars from the first forecast to the last bar that is held."""
    index = pd.DatetimeIndex(frame.index)
    at = index.get_indexer(pd.DatetimeIndex(rows.as_of).tz_localize("UTC"))
    known, horizon_bars = at >= 0, int(rows.horizon_bars.max())
    if not known.any():
        return _problem(nothing, "the source has none of the bars that were forecast")
    first = int(at[known].min())
    last = min(int(at[known].max()) + horizon_bars, len(index) - 1)
    whole = np.zeros(last - first)
    inside = known & (at < last)
    whole[at[inside] - first] = signal[inside]  # a bar without a forecast is a bar without a position
    moves = np.diff(np.log(frame["close"].to_numpy(np.float64)), prepend=np.nan)
    returns = np.expm1(moves[first + 1 : last + 1])
    positions = value.tranches(whole, horizon_bars=horizon_bars)
    sigmas = pd.Series(moves).rolling(_WINDOW_BARS, min_periods=2).std().bfill().to_numpy()[first:last]
    years = (index[last] - index[first]) / pd.Timedelta(days=_YEAR_DAYS)
    cost, a_year = nothing.cost_bps, (last - first) / max(years, 1e-9)
    net, _ = value.after_costs(positions, returns, cost_bps=cost)
    acted, held, sized = (
        value.account(one, returns, cost_bps=cost, bars_a_year=a_year)
        for one in (positions, np.ones_like(positions), value.sized_by_volatility(sigmas))
    )
    return Record(
        key=nothing.key,
        version=nothing.version,
        kinds=nothing.kinds,
        cost_bps=cost,
        n_tried=nothing.n_tried,
        times=index[first + 1 : last + 1].tz_localize(None).to_numpy(),
        acted=acted,
        held=held,
        sized=sized,
        deflated=value.deflated_sharpe(net, n_tried=nothing.n_tried),
    )


def _problem(nothing: Record, problem: str) -> Record:
    return replace(nothing, problem=problem)
