"""What a policy does to a version like this one: false alarms when nothing changed, delay when accuracy truly falls."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.errors import NotTrainedError
from ensemble_desk.evaluation import intervals
from ensemble_desk.evaluation.intervals import AccuracyEstimate
from ensemble_desk.forecasting import definitions, matured
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.forecasting.matured import Matured
from ensemble_desk.market import timeframes
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import live
from ensemble_desk.monitoring.evidence import bands, rolling
from ensemble_desk.monitoring.evidence.bands import Policy
from ensemble_desk.registry.ledger import production
from ensemble_desk.registry.opening import Registry

Flags = NDArray[np.bool_]

DROP = 0.15
GOOD_BARS = (0, 125, 250, 500)  # before the fall
MOST_PATHS = 400
_MOST_OUTCOMES = 200_000  # over all paths: what takes about a second
_LEAST_N_EFF = 20
_BLOCK_HORIZONS = 5
_DAYS_A_YEAR = 365.25
TOO_FEW = "there are too few outcomes to imitate; at least 20 without overlap are needed"
NO_ACCURACY = "the version does not tell its validated accuracy"


@dataclass(frozen=True, slots=True)
class Delay:
    """How soon a rule notices that accuracy has fallen after so many good bars, looked at for a year from then.

    Attributes
    ----------
    days_until_noticed : median calendar days from the first forecast after the change to an alarm; None when fewer
        than half of the falls are noticed within the year.
    share_noticed : share of the falls noticed within the year.
    """

    good_bars: int
    share_noticed: float
    days_until_noticed: float | None


@dataclass(frozen=True, slots=True)
class Alarms:
    """How one rule behaves when it is looked at after every outcome.

    Attributes
    ----------
    false_alarms_a_year : how often it begins to alarm in a version's first year, on average, when nothing changed.
    share_of_years : share of unchanged first years with at least one alarm.
    falls : what it makes of a fall that begins at once, or later.
    """

    false_alarms_a_year: float
    share_of_years: float
    falls: tuple[Delay, ...]


@dataclass(frozen=True, slots=True)
class Simulation:
    """The guide's bands alone beside bands with evidence, on the same imitated years.

    Attributes
    ----------
    version : whose outcomes are imitated; None when it has too few and those of all the key's versions are.
    kinds, n_outcomes : of the outcomes that blocks are drawn from.
    drop : by how much accuracy falls, a share.
    block_outcomes : length of the blocks, so that neighbouring outcomes stay together.
    problem : why there is no answer; '' otherwise.
    """

    key: Key
    version: str | None
    kinds: tuple[Kind, ...]
    n_outcomes: int
    drop: float
    n_paths: int
    block_outcomes: int
    guide: Alarms | None
    ours: Alarms | None
    problem: str = ""


def of_version(
    registry: Registry,
    key: Key,
    *,
    generator: np.random.Generator,
    version: str | None = None,
    policy: Policy | None = None,
    drop: float = DROP,
    kinds: Sequence[Kind] | None = None,
) -> Simulation:
    """Imitate the outcomes of a version (None: production's) in blocks and let both rules look at them.

    Raises
    ------
    UnknownKeyError, NotTrainedError, DatabaseError
    """
    chosen = version or production.read(registry, key).version
    if chosen is None:
        raise NotTrainedError(str(key))
    every = matured.read(registry.database, key)
    own = every.of_version(chosen).of_kinds(kinds)
    rows = own if _enough(own) else every.of_kinds(kinds).one_a_bar()
    h, block = live.horizon_of(rows), block_length(len(rows), horizon_bars=live.horizon_of(rows))
    definition = definitions.of_key(registry.database, key).get(chosen)
    baseline = live.validated(definition) if definition else None
    told = (key, chosen if rows is own else None, rows.kinds, len(rows), drop)
    if not _enough(rows) or baseline is None or not baseline.n:
        return Simulation(*told, 0, block, None, None, NO_ACCURACY if _enough(rows) else TOO_FEW)
    a_year = timeframes.get(key.timeframe).bars_per_year
    n_paths = max(20, min(MOST_PATHS, _MOST_OUTCOMES // a_year))
    policy = policy or bands.policy(registry.settings)
    last = max(GOOD_BARS) + a_year
    unchanged = resample(rows.correct, n_paths=n_paths, n=last, block=block, generator=generator)
    lost = _lost(unchanged.shape, rows.correct, drop, horizon_bars=h, generator=generator)
    promised = intervals.wilson(float(rows.correct.mean()), baseline.n, horizon_bars=h)
    falls = {
        good: _rings(_fallen(unchanged, lost, good=good, n=good + a_year), promised, h, policy) for good in GOOD_BARS
    }
    calm = _rings(unchanged[:, :a_year], promised, h, policy)
    guide, ours = (
        _alarms(calm[rule], {good: found[rule][:, good:] for good, found in falls.items()}, horizon_bars=h)
        for rule in range(2)
    )
    return Simulation(*told, n_paths, block, guide, ours)


def block_length(n: int, *, horizon_bars: int) -> int:
    """Length of the blocks: the cube root of n, but several horizons, so that overlapping outcomes stay together."""
    return max(_BLOCK_HORIZONS * horizon_bars, round(math.cbrt(n)))


def resample(correct: Flags, *, n_paths: int, n: int, block: int, generator: np.random.Generator) -> Flags:
    """Draw sequences of n outcomes from a sequence, block by block around the circle; shape (n_paths, n)."""
    starts = generator.integers(0, len(correct), size=(n_paths, -(-n // block)))
    rows = (starts[:, :, None] + np.arange(block)) % len(correct)
    return np.asarray(correct[rows.reshape(n_paths, -1)[:, :n]])


def _enough(rows: Matured) -> bool:
    return len(rows) >= _LEAST_N_EFF * live.horizon_of(rows)


def _lost(
    shape: tuple[int, ...], correct: Flags, drop: float, *, horizon_bars: int, generator: np.random.Generator
) -> Flags:
    """Which hits a fall takes away: so many that accuracy falls by ``drop``; outcomes that overlap share their fate."""
    share = min(1.0, drop / max(float(correct.mean()), drop))
    fates = generator.random((shape[0], -(-shape[1] // horizon_bars))) < share
    return np.asarray(np.repeat(fates, horizon_bars, axis=1)[:, : shape[1]])


def _fallen(unchanged: Flags, lost: Flags, *, good: int, n: int) -> Flags:
    """Sequences of n outcomes whose accuracy falls after so many good ones."""
    fallen = unchanged[:, :n].copy()
    fallen[:, good:] &= ~lost[:, good:n]
    return fallen


def _rings(correct: Flags, baseline: AccuracyEstimate, horizon_bars: int, policy: Policy) -> tuple[Flags, Flags]:
    """Where the guide's bands alarm and where ours do, shapes (n_paths, n)."""
    found = rolling.states(correct, baseline=baseline, horizon_bars=horizon_bars, policy=policy)
    newest = rolling.accuracy(correct, window=policy.window(horizon_bars), horizon_bars=horizon_bars)
    return rolling.outside(newest, baseline=baseline, policy=policy), found.confirmed


def _alarms(calm: Flags, falls: Mapping[int, Flags], *, horizon_bars: int) -> Alarms:
    begins = calm & ~np.concatenate([np.zeros((len(calm), 1), np.bool_), calm[:, :-1]], axis=1)
    return Alarms(
        false_alarms_a_year=float(begins.sum(axis=1).mean()),
        share_of_years=float(calm.any(axis=1).mean()),
        falls=tuple(_delay(good, moved, horizon_bars=horizon_bars) for good, moved in falls.items()),
    )


def _delay(good: int, moved: Flags, *, horizon_bars: int) -> Delay:
    """``moved`` tells where the rule alarms in the year after the change, shape (n_paths, bars of a year)."""
    noticed = moved.any(axis=1)
    bars = np.where(noticed, moved.argmax(axis=1) + horizon_bars, np.inf)
    median = float(np.median(bars))
    days = median * _DAYS_A_YEAR / moved.shape[1] if np.isfinite(median) else None
    return Delay(good, float(noticed.mean()), days)
