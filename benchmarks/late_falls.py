"""Two more attempts to hear late falls at horizons of several bars, beside the alarm as it is.

``python -m benchmarks.late_falls`` prints the table. Each sequence has a holdout of its own, drawn; 504 bars.

- A smoothed line: the lower end of the 68 % interval by fixed smoothing instead of Wilson's on n / h, which is too wide
  where outcomes overlap.
- Means of blocks: of h forecasts in a row one mean is bet on, in two phases that do not overlap, instead of single
  outcomes in h phases. A mean varies half as much as a single outcome, so stakes may be higher; but there is only one
  for every two horizons.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from benchmarks.statistics import ALARM, HOLDOUT, TRUTH, hits, table
from numpy.typing import NDArray

from ensemble_desk.evaluation import e_process, intervals
from ensemble_desk.evaluation.e_process import AT_ONCE, FALLS, MEAN_START_BARS, SHARES, Line

Floats = NDArray[np.float64]

N_PATHS, BARS = 600, 504
VARIANCE = 0.6  # of a mean of h hits, in units of that of a single one; measured 0.54 at h = 5, 0.50 at h = 21
CASES = ((0.0, 0), (0.15, 0), (0.15, 250), (0.25, 0), (0.25, 250))
WILSON, SMOOTHED = "Wilson's line", "smoothed line"
PHASES, BLOCKS = "single outcomes, h phases", "means of blocks, two phases"


def late_falls() -> None:
    generator = np.random.default_rng(5)
    rows = [
        (h, rule, line, *_told(h, rule, line, generator))
        for h in (5, 21)
        for rule in (PHASES, BLOCKS)
        for line in (WILSON, SMOOTHED)
    ]
    falls = [f"−{100 * fall:.0f} after {good}" for fall, good in CASES[1:]]
    title = "Late falls at longer horizons: two more attempts; noticed within 504 bars, holdouts drawn"
    table(title, ("h", "bets on", "against", "false", *falls), rows)


def _told(h: int, rule: str, line: str, generator: np.random.Generator) -> Iterator[str]:
    for case in CASES:
        bars = _bars_until_alarm(h, case, rule, line, generator)
        share, median = float((bars <= BARS).mean()), float(np.median(bars))
        yield f"{share:.3f}" if not case[0] else f"{share:.2f}, {'—' if np.isinf(median) else f'{median:.0f}'}"


def _bars_until_alarm(h: int, case: tuple[float, int], rule: str, line: str, generator: np.random.Generator) -> Floats:
    """Bars from the fall to the alarm, shape (N_PATHS,); infinite where there is none, or where it rang before."""
    fall, good = case
    accuracy = np.full(BARS + good, TRUTH)
    accuracy[good:] -= fall
    given = hits(N_PATHS, accuracy, h=h, generator=generator)
    holdouts = hits(N_PATHS, np.full(HOLDOUT, TRUTH), h=h, generator=generator).astype(np.bool_)
    found = np.full(N_PATHS, np.inf)
    for number, (row, holdout) in enumerate(zip(given, holdouts, strict=True)):
        value, null = float(holdout.mean()), _null(holdout, line, h=h)
        if rule == PHASES:
            told = Line(null, _stakes(value, null, null * (1 - null)))
            values = e_process.run(row[None], told, horizon_bars=h).values[0]
        else:
            values = _of_blocks(row, null, _stakes(value, null, VARIANCE * null * (1 - null)), h=h)
        rings = np.flatnonzero(values >= ALARM)
        if len(rings) and rings[0] >= good:
            found[number] = rings[0] - good + 1
    return found


def _null(holdout: NDArray[np.bool_], line: str, *, h: int) -> float:
    value = float(holdout.mean())
    if line == WILSON:
        return float(intervals.wilson_limits(np.float64(value), np.float64(HOLDOUT / h), confidence=0.68)[0])
    return value - (value - intervals.share_at_one_look(holdout, horizon_bars=h).low) * 0.9945 / 1.96


def _stakes(value: float, null: float, variance: float) -> tuple[float, ...]:
    most = 0.99 / max(1 - null, 1e-9)
    return tuple(min(max((null - max(value - fall, 0.0)) / max(variance, 1e-9), 0.05), most) for fall in FALLS)


def _of_blocks(given: Floats, null: float, stakes: Sequence[float], *, h: int) -> Floats:
    """The e-process of means of blocks after each bar, the mean of both phases; bets begin as in the alarm."""
    n_blocks = len(given) // h
    means = given[: n_blocks * h].reshape(n_blocks, h).mean(axis=1)
    phases = np.ones((2, n_blocks + 1))
    for phase in range(2):
        mine = means[phase::2]
        cash = (1 - AT_ONCE) * (1 - 1 / MEAN_START_BARS) ** (2 * h * np.arange(len(mine) + 1))
        entering = cash[:-1] - cash[1:]
        entering[0] += AT_ONCE
        total = cash[1:].copy()
        for stake, share in zip(stakes, SHARES, strict=True):
            held = 0.0
            for number, factor in enumerate(1 + stake * (null - mine)):
                held = (held + entering[number]) * factor
                total[number] += share * held
        for number, value in enumerate(total):
            phases[phase, phase + 2 * number + 1 :] = value
    return np.asarray(phases.mean(axis=0)[np.minimum(np.arange(1, len(given) + 1) // h, n_blocks)])


if __name__ == "__main__":
    late_falls()
