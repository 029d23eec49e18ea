"""An alarm for falling accuracy that may be looked at after every bar and hears a late fall: a betting e-process.

Sources: Podkopaev and Ramdas, "Tracking the risk of a deployed model" (ICLR 2022, arXiv 2110.06177), for betting on a
drop; Henzi and Ziegel, "Valid sequential inference on probability forecast performance" (Biometrika 109(4), 2022), for
forecasts whose outcomes overlap; Shin, Ramdas and Rinaldo, "E-detectors" (New England Journal of Statistics in Data
Science 2(2), 2024), for bets that begin at every time; Page, "Continuous inspection schemes" (Biometrika 41, 1954), for
the likeliest change; Wang and Ramdas, "False discovery rate control with e-values" (JRSS B 84, 2022), for e-BH.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.evaluation import intervals
from ensemble_desk.evaluation.intervals import AccuracyEstimate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DEFENDED = 0.68  # confidence of the interval whose lower end is defended
FALLS: tuple[float, ...] = (0.05, 0.15, 0.25)  # that the stakes are fitted to, shares
SHARES: tuple[float, ...] = (0.1, 0.45, 0.45)  # of the mass for each: small falls have time, large ones have none
AT_ONCE = 0.25  # of the mass: bets from the first outcome
MEAN_START_BARS = 504.0  # of the rest, which enters bar by bar
MOST_LOST = 0.99  # share of the wealth that one wrong bet may cost
_LEAST_STAKE = 0.05
_MOST_LOG_WEALTH = 500.0
_IMITATED, _LOOK_AHEAD, _HALF = 60, 128, 0.5


@dataclass(frozen=True, slots=True)
class Line:
    """What is bet against: accuracy of at least ``null``, with these stakes and the shares of the mass they have."""

    null: float
    stakes: tuple[float, ...]
    shares: tuple[float, ...] = SHARES


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """The e-process of m sequences after n outcomes: all that the next outcome needs.

    Each array has shape (m, horizon_bars, n_stakes). ``logs`` is the logarithm of the wealth of a bet that began with
    the first outcome of its phase, ``entered`` that of the mass that has entered, counted in units of that wealth;
    ``lowest`` is the least that ``logs`` has been and ``lowest_at`` the number of the outcome that came next.
    """

    n: int
    logs: Floats
    entered: Floats
    lowest: Floats
    lowest_at: Ints

    def copies(self, times: int, *, n: int) -> "State":
        """Repeat the sequences, as arrays of their own, told to have seen n outcomes."""
        return State(
            n,
            np.repeat(self.logs, times, axis=0),
            np.repeat(self.entered, times, axis=0),
            np.repeat(self.lowest, times, axis=0),
            np.repeat(self.lowest_at, times, axis=0),
        )

    def plain(self) -> dict[str, Any]:
        """Write the state of a single sequence as plain numbers; :func:`from_plain` gives it back to the last bit."""
        told = {name: getattr(self, name)[0].tolist() for name in ("logs", "lowest", "lowest_at")}
        entered = [[None if math.isinf(one) else one for one in row] for row in self.entered[0].tolist()]
        return {"n": self.n, "entered": entered} | told


@dataclass(frozen=True, slots=True, eq=False)
class EProcess:
    """Evidence against the line after each of n outcomes, shapes (m, n).

    Attributes
    ----------
    values : e-values; at least 1/alpha is an alarm at level alpha.
    since : number of the first outcome after the likeliest change; one more than the outcome's own number where
        nothing at all speaks for a fall.
    state : after the last outcome.
    """

    values: Floats
    since: Ints
    state: State


def line(baseline: AccuracyEstimate, *, falls: Sequence[float] = FALLS) -> Line:
    """Defend the lower end of the 68 % interval of a validated accuracy, with the stakes that suit these three falls.

    A stake is the one with which wealth grows fastest when accuracy has fallen by so much (Kelly). An accuracy that
    does not tell its rows defends nothing: its e-value never rises.
    """
    if not baseline.n:
        return Line(0.0, (_LEAST_STAKE,) * len(SHARES))
    limits = intervals.wilson_limits(np.float64(baseline.value), np.float64(baseline.n_eff), confidence=DEFENDED)
    null = float(limits[0])
    most = MOST_LOST / max(1.0 - null, 1e-9)
    spread = max(null * (1.0 - null), 1e-9)
    fitted = [(null - max(baseline.value - fall, 0.0)) / spread for fall in falls]
    return Line(null, tuple(min(max(stake, _LEAST_STAKE), most) for stake in fitted))


def begin(line: Line, *, horizon_bars: int, n_paths: int = 1) -> State:
    """Before the first outcome."""
    shape = (n_paths, horizon_bars, len(line.stakes))
    return State(0, np.zeros(shape), np.full(shape, -np.inf), np.zeros(shape), np.zeros(shape, np.int64))


def from_plain(told: Mapping[str, Any]) -> State:
    """Give back what :meth:`State.plain` wrote."""
    entered = [[-np.inf if one is None else one for one in row] for row in told["entered"]]
    logs, lowest = (np.asarray([told[name]], np.float64) for name in ("logs", "lowest"))
    return State(int(told["n"]), logs, np.asarray([entered]), lowest, np.asarray([told["lowest_at"]], np.int64))


def advance(state: State, correct: Floats | NDArray[np.bool_], line: Line) -> EProcess:
    """Go on by n outcomes; the same to the last bit in one go, bar by bar or from a stored state.

    Within each phase (number of the outcome modulo the horizon) outcomes do not overlap, and wealth multiplies by
    ``1 + stake * (null - correct)``. Mass enters before every outcome and waits as cash until then:
    ``S_t = (S_{t-1} + w_t) * factor_t`` and ``E_t = S_t + cash_t``, averaged over stakes (by
    their shares) and phases. A phase whose next
    outcome is under way counts with the worst factor that outcome could bring, so that every look is valid.

    Parameters
    ----------
    correct : shape (m, n), 1 for right and 0 for wrong, in time order.
    """
    hits = np.asarray(correct, dtype=np.float64)
    m, n = hits.shape
    horizon_bars = state.logs.shape[1]
    numbers = state.n + np.arange(n)
    values, strongest = np.zeros((m, n)), np.zeros((m, n))
    since = np.broadcast_to(numbers + 1, (m, n)).copy()
    after = state.copies(1, n=state.n + n)
    for phase in range(horizon_bars):
        before = max((state.n - phase + horizon_bars - 1) // horizon_bars, 0)  # outcomes of this phase until now
        mine = hits[:, (phase - state.n) % horizon_bars :: horizon_bars]
        known = np.maximum((numbers - phase + horizon_bars) // horizon_bars, 0) - before
        under_way = numbers % horizon_bars != phase
        places = phase + horizon_bars * (before + np.arange(mine.shape[1]))  # their numbers among all outcomes
        entering, cash = _masses(before, mine.shape[1] + 1, horizon_bars=horizon_bars)
        values += np.where(under_way, cash[known + 1], cash[known])
        for number, (stake, share) in enumerate(zip(line.stakes, line.shares, strict=True)):
            at = (slice(None), phase, number)
            logs = _gains(mine, stake=stake, null=line.null, first=state.logs[at])
            entered = _accumulated(np.logaddexp, state.entered[at], np.log(entering[:-1]) - logs[:, :-1])
            lowest, lowest_at = _minima(state.lowest[at], state.lowest_at[at], logs, places)
            after.logs[at], after.entered[at] = logs[:, -1], entered[:, -1]
            after.lowest[at], after.lowest_at[at] = lowest[:, -1], lowest_at[:, -1]
            wealth = np.exp(np.minimum(logs + entered, _MOST_LOG_WEALTH))[:, known]
            worst = 1.0 + stake * (line.null - 1.0)
            values += share * np.where(under_way, (wealth + entering[known]) * worst, wealth)
            risen = (logs - lowest)[:, known]
            better = risen > strongest
            strongest = np.where(better, risen, strongest)
            since = np.where(better, lowest_at[:, known], since)
    return EProcess(values / horizon_bars, since, after)


def run(correct: Floats | NDArray[np.bool_], line: Line, *, horizon_bars: int) -> EProcess:
    """Bet on every outcome from the first, of many sequences at once; ``correct`` has shape (m, n)."""
    return advance(begin(line, horizon_bars=horizon_bars, n_paths=len(correct)), correct, line)


def outcomes_to_alarm(
    state: State, line: Line, *, accuracy: float, alarm_e_value: float, most: int, generator: np.random.Generator
) -> int | None:
    """Tell how many more outcomes of this accuracy it takes until the alarm rings in half of all cases.

    ``state`` is that of a single sequence; outcomes closer than the horizon are imitated as one. None when it takes
    more than ``most``.
    """
    horizon_bars = state.logs.shape[1]
    if _growth(line, accuracy=accuracy) * most / horizon_bars < _HALF * math.log(alarm_e_value):
        return None
    rung = np.zeros(_IMITATED, np.bool_)
    paths = state.copies(_IMITATED, n=state.n)
    told = 0
    while told < most:
        n = min(max(_LOOK_AHEAD, told), most - told)
        fates = generator.random((_IMITATED, -(-n // horizon_bars))) < accuracy
        found = advance(paths, np.repeat(fates, horizon_bars, axis=1)[:, :n], line)
        shares = (np.logical_or.accumulate(found.values >= alarm_e_value, axis=1) | rung[:, None]).mean(axis=0)
        if shares[-1] >= _HALF:
            return told + int(np.argmax(shares >= _HALF)) + 1
        rung |= (found.values >= alarm_e_value).any(axis=1)
        paths, told = found.state, told + n
    return None


def _growth(line: Line, *, accuracy: float) -> float:
    """Tell by how much the logarithm of the fastest bet's wealth grows with each outcome that does not overlap."""
    gains = (
        accuracy * math.log(1.0 + stake * (line.null - 1.0)) + (1.0 - accuracy) * math.log(1.0 + stake * line.null)
        for stake in line.stakes
    )
    return max(gains)


def _masses(before: int, n: int, *, horizon_bars: int) -> tuple[Floats, Floats]:
    """Mass that enters before each of n outcomes of a phase, and the cash left before each; shapes (n,), (n + 1,)."""
    kept = (1.0 - 1.0 / MEAN_START_BARS) ** horizon_bars
    cash = (1.0 - AT_ONCE) * kept ** np.arange(before, before + n + 1, dtype=np.float64)
    entering = cash[:-1] - cash[1:]
    if before == 0:
        cash[0], entering[0] = 1.0, entering[0] + AT_ONCE
    return entering, cash


def _gains(hits: Floats, *, stake: float, null: float, first: Floats) -> Floats:
    won, lost = math.log(1.0 + stake * null), math.log(1.0 + stake * (null - 1.0))
    return _accumulated(np.add, first, won + hits * (lost - won))


def _accumulated(what: np.ufunc, first: Floats, values: Floats) -> Floats:
    """Accumulate from left to right, from what there was before; shape (m, n + 1)."""
    return np.asarray(what.accumulate(np.concatenate([first[:, None], values], axis=1), axis=1))


def _minima(lowest: Floats, lowest_at: Ints, logs: Floats, places: Ints) -> tuple[Floats, Ints]:
    """The least wealth before each outcome and the number of the outcome that came next, shapes (m, n + 1)."""
    least = _accumulated(np.minimum, lowest, logs[:, :-1])
    fresh = logs[:, :-1] <= least[:, :-1]
    changed = np.concatenate([np.ones((len(logs), 1), np.bool_), fresh], axis=1)
    last = np.maximum.accumulate(changed * np.arange(logs.shape[1]), axis=1)
    every = np.concatenate([lowest_at[:, None], np.broadcast_to(places, fresh.shape)], axis=1)
    return least, np.take_along_axis(every, last, axis=1)


def benjamini_hochberg(e_values: Mapping[str, float], *, alpha: float = 0.05) -> frozenset[str]:
    """Name the alarms that stand across a fleet with a false discovery rate of at most alpha (e-BH).

    What is not a number is no evidence; it still counts as one of the fleet.
    """
    known = {name: 0.0 if math.isnan(value) else value for name, value in e_values.items()}
    ordered = sorted(known, key=lambda name: -known[name])
    m = len(ordered)
    standing = [k for k, name in enumerate(ordered, start=1) if known[name] >= m / (k * alpha)]
    return frozenset(ordered[: max(standing, default=0)])
