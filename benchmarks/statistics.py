"""What the evidence is worth, by simulation: alarms beside their rivals, coverage of intervals, size of the test.

``python -m benchmarks.statistics > benchmarks/STATISTICS.md`` writes the tables anew; seeded, a few minutes.
"""

from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.evaluation import confidence_sequences, e_process, intervals

Floats = NDArray[np.float64]
Rule = Callable[
    [Floats, Floats], NDArray[np.bool_]
]  # hits (m, n) and validated accuracies (m,): where it alarms (m, n)

TRUTH, HOLDOUT, YEAR = 0.45, 400, 252
GOOD_BARS = (0, 125, 250, 500)
HORIZONS = (1, 5, 21)
ALARM = 20.0
N_PATHS, N_YEARS, N_TESTS = 3_000, 120, 3_000


def summed(n_paths: int, n: int, *, h: int, generator: np.random.Generator) -> Floats:
    """Standard normal sums over h bars that overlap, shape (n_paths, n)."""
    shocks = generator.normal(size=(n_paths, n + h - 1))
    return np.lib.stride_tricks.sliding_window_view(shocks, h, axis=1).sum(axis=2) / np.sqrt(h)


def hits(n_paths: int, accuracy: Floats, *, h: int, generator: np.random.Generator) -> Floats:
    """Hits of overlapping forecasts whose accuracy at each bar is given, shape (n_paths, n)."""
    limits = np.array([NormalDist().inv_cdf(one) for one in np.unique(accuracy)])
    limit = limits[np.searchsorted(np.unique(accuracy), accuracy)]
    return (summed(n_paths, len(accuracy), h=h, generator=generator) < limit).astype(float)


def ours(h: int) -> Rule:
    def rule(given: Floats, validated: Floats) -> NDArray[np.bool_]:
        rings = np.zeros(given.shape, np.bool_)
        for value in np.unique(validated):
            rows = validated == value
            line = e_process.line(intervals.wilson(float(value), HOLDOUT, horizon_bars=h))
            rings[rows] = e_process.run(given[rows], line, horizon_bars=h).values >= ALARM
        return rings

    return rule


def first_start_only(given: Floats, validated: Floats) -> NDArray[np.bool_]:
    """All bets from the first outcome, four fixed stakes, the 95 % lower end: the alarm as it was."""
    limits = intervals.wilson_limits(validated, np.float64(HOLDOUT))[0]
    stakes = [np.minimum(stake, 0.99 / (1 - limits))[:, None] for stake in (0.25, 0.5, 1.0, 1.5)]
    logs = [np.cumsum(np.log1p(stake * (limits[:, None] - given)), axis=1) for stake in stakes]
    return np.asarray(np.exp(np.minimum(np.stack(logs), 500)).mean(axis=0) >= ALARM)


def shiryaev_roberts(given: Floats, validated: Floats) -> NDArray[np.bool_]:
    """Bets that begin with every bar at the same mass (e-detector): 5 % in 504 bars, not for ever."""
    null = intervals.wilson_limits(validated, np.float64(HOLDOUT), confidence=0.68)[0][:, None]
    stakes, mass = (0.5, 0.9), 1 / 604
    wealth = [np.full(len(given), 100 * mass) for _ in stakes]
    rings = np.zeros(given.shape, np.bool_)
    for bar in range(given.shape[1]):
        wealth = [
            (one + mass) * (1 + stake * (null[:, 0] - given[:, bar])) for one, stake in zip(wealth, stakes, strict=True)
        ]
        rings[:, bar] = sum(wealth) / len(stakes) >= ALARM
    return rings


def cusum(limit: float) -> Rule:
    """Page's CUSUM of the log likelihood ratio of a fall by 15 points."""

    def rule(given: Floats, validated: Floats) -> NDArray[np.bool_]:
        fallen = validated - 0.15
        right, wrong = np.log(fallen / validated), np.log((1 - fallen) / (1 - validated))
        level, rings = np.zeros(len(given)), np.zeros(given.shape, np.bool_)
        for bar in range(given.shape[1]):
            level = np.maximum(level + np.where(given[:, bar] == 1, right, wrong), 0)
            rings[:, bar] = level >= limit
        return rings

    return rule


def ddm(given: Floats, validated: Floats) -> NDArray[np.bool_]:
    """Drift detection method (Gama et al., 2004): error beyond its least plus three standard errors."""
    del validated
    n = np.arange(1, given.shape[1] + 1)
    error = 1 - np.cumsum(given, axis=1) / n
    spread = np.sqrt(error * (1 - error) / n)
    told = np.where(n >= 30, error + spread, np.inf)
    least = np.minimum.accumulate(told, axis=1)
    place = np.maximum.accumulate(np.where(told <= least, n - 1, 0), axis=1)
    low, width = (np.take_along_axis(one, place, axis=1) for one in (error, spread))
    return np.asarray((n >= 30) & (error + spread > low + 3 * width))


def adwin(given: Floats, validated: Floats, *, delta: float = 0.002) -> NDArray[np.bool_]:
    """Adaptive windowing (Bifet and Gavaldà, 2007): some cut of the window whose halves differ; falls only."""
    del validated
    rings = np.zeros(given.shape, np.bool_)
    total = np.concatenate([np.zeros((len(given), 1)), np.cumsum(given, axis=1)], axis=1)
    for row, sums in enumerate(total):
        begin = 0
        for end in range(32, given.shape[1] + 1, 8):
            cuts = np.arange(begin + 5, end - 5, 4)
            if not len(cuts):
                continue
            before, after = cuts - begin, end - cuts
            drop = (sums[cuts] - sums[begin]) / before - (sums[end] - sums[cuts]) / after
            share = (sums[end] - sums[begin]) / (end - begin)
            log = np.log(2 * np.log(end - begin) / delta)
            inverse = 1 / before + 1 / after
            bound = np.sqrt(2 * inverse * share * (1 - share) * log) + 2 / 3 * inverse * log
            if (np.abs(drop) > bound).any():
                rings[row, end - 1] = bool((drop > bound).any())
                begin = int(cuts[np.argmax(np.abs(drop) - bound)])
    return rings


def chunks(given: Floats, validated: Floats, *, size: int = 21) -> NDArray[np.bool_]:
    """A chunk of 21 outcomes below three standard errors, as monitoring tools do."""
    rings = np.zeros(given.shape, np.bool_)
    ends = np.arange(size, given.shape[1] + 1, size)
    shares = np.stack([given[:, end - size : end].mean(axis=1) for end in ends], axis=1)
    limit = validated - 3 * np.sqrt(validated * (1 - validated) / size)
    rings[:, ends - 1] = shares < limit[:, None]
    return rings


def bands(given: Floats, validated: Floats) -> NDArray[np.bool_]:
    """The guide's rule: the newest 60 outcomes, at least 5, fifteen points below."""
    n = np.arange(1, given.shape[1] + 1)
    total = np.cumsum(given, axis=1)
    newest = total.copy()
    newest[:, 60:] -= total[:, :-60]
    share = newest / np.minimum(n, 60)
    return np.asarray((np.rint(100 * (share - validated[:, None])) <= -15) & (n >= 5))


def false_alarms(rule: Rule, *, h: int, n_paths: int, seed: int) -> tuple[float, float]:
    """Share of unchanged sequences with an alarm in 504 bars: validated without error, and with a holdout drawn."""
    generator = np.random.default_rng(seed)
    every = hits(n_paths, np.full(HOLDOUT + 2 * YEAR, TRUTH), h=h, generator=generator)
    drawn = every[:, :HOLDOUT].mean(axis=1)
    later = every[:, HOLDOUT:]
    exact = np.full(n_paths, TRUTH)
    return float(rule(later, exact).any(axis=1).mean()), float(rule(later, drawn).any(axis=1).mean())


def noticed(rule: Rule, *, drop: float, good: int, h: int, n_paths: int, seed: int, bars: int = YEAR) -> str:
    """Share of falls with an alarm within the year after, that was not ringing when it began, and the median bars."""
    accuracy = np.concatenate([np.full(good, TRUTH), np.full(bars, TRUTH - drop)])
    rings = rule(hits(n_paths, accuracy, h=h, generator=np.random.default_rng(seed)), np.full(n_paths, TRUTH))
    early = rings[:, :good].any(axis=1)
    after = rings[~early, good:]
    if not len(after):
        return "always rings"
    hit = after.any(axis=1)
    median = float(np.median(np.where(hit, after.argmax(axis=1) + 1, np.inf)))
    return f"{hit.mean():.2f}, {'—' if np.isinf(median) else f'{median:.0f}'}"


def table(title: str, columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    print(f"\n## {title}\n")
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |", flush=True)


def alarms() -> None:
    rules: tuple[tuple[str, Rule, int], ...] = (
        ("**start mixture (here)**", ours(1), N_PATHS),
        ("one start, 95 % line (before)", first_start_only, N_PATHS),
        ("Shiryaev–Roberts, 68 % line (no guarantee beyond 504 bars)", shiryaev_roberts, N_PATHS),
        *((f"CUSUM, limit {limit}", cusum(limit), N_PATHS) for limit in (5.0, 6.0, 7.0)),
        ("ADWIN, δ 0.002", adwin, 300),
        ("DDM", ddm, N_PATHS),
        ("chunks of 21, three σ", chunks, N_PATHS),
        ("the guide's bands", bands, N_PATHS),
    )
    rows = []
    for name, rule, n_paths in rules:
        exact, drawn = false_alarms(rule, h=1, n_paths=n_paths, seed=1)
        falls = [
            noticed(rule, drop=drop, good=good, h=1, n_paths=n_paths, seed=10 + good)
            for drop in (0.15, 0.25)
            for good in GOOD_BARS
        ]
        rows.append((name, f"{exact:.3f}", f"{drawn:.3f}", *falls))
    falls = [f"−{drop} after {good}" for drop in (15, 25) for good in GOOD_BARS]
    columns = ("rule, h = 1", "false in 504 bars", "holdout drawn", *falls)
    table("Alarms: false ones in 504 bars; falls noticed within 252 bars, median bars", columns, rows)
    rows = []
    for h in HORIZONS:
        exact, drawn = false_alarms(ours(h), h=h, n_paths=600, seed=2)
        falls = [
            noticed(ours(h), drop=drop, good=good, h=h, n_paths=600, seed=20 + good, bars=2 * YEAR)
            for drop in (0.15, 0.25)
            for good in (0, 250)
        ]
        rows.append((h, f"{exact:.3f}", f"{drawn:.3f}", *falls))
    falls = [f"−{drop} after {good}" for drop in (15, 25) for good in (0, 250)]
    table("The alarm by horizon; falls noticed within 504 bars", ("h", "false", "holdout drawn", *falls), rows)


def curve() -> None:
    """False alarms against delay: our alarm and CUSUM at several limits."""
    rows = []
    line = e_process.line(intervals.wilson(TRUTH, HOLDOUT, horizon_bars=1))
    for limit in (5.0, 10.0, 20.0, 50.0, 100.0):

        def rule(given: Floats, validated: Floats, limit: float = limit) -> NDArray[np.bool_]:
            del validated
            return np.asarray(e_process.run(given, line, horizon_bars=1).values >= limit)

        exact, _ = false_alarms(rule, h=1, n_paths=N_PATHS, seed=3)
        rows.append((f"start mixture at {limit:.0f}", f"{exact:.3f}", *_late(rule)))
    for limit in (4.0, 5.0, 6.0, 7.0, 8.0):
        exact, _ = false_alarms(cusum(limit), h=1, n_paths=N_PATHS, seed=3)
        rows.append((f"CUSUM at {limit:.0f}", f"{exact:.3f}", *_late(cusum(limit))))
    columns = ("rule", "false in 504 bars", "−15 after 250", "−25 after 250")
    table("False alarms against delay", columns, rows)


def _late(rule: Rule) -> tuple[str, str]:
    fifteen, twenty_five = (noticed(rule, drop=drop, good=250, h=1, n_paths=N_PATHS, seed=30) for drop in (0.15, 0.25))
    return fifteen, twenty_five


def fleet() -> None:
    generator, rang_alone, alerted, fleets = np.random.default_rng(4), 0, 0, 100
    for _ in range(fleets):
        every = hits(100, np.full(HOLDOUT + 2 * YEAR, TRUTH), h=1, generator=generator)
        values = np.stack(
            [
                e_process.run(
                    row[None, HOLDOUT:],
                    e_process.line(intervals.wilson(float(row[:HOLDOUT].mean()), HOLDOUT, horizon_bars=1)),
                    horizon_bars=1,
                ).values[0]
                for row in every
            ]
        )
        highest = -np.sort(-values, axis=0)
        rang_alone += bool((highest[0] >= ALARM).any())
        alerted += bool((highest >= 100 * ALARM / np.arange(1, 101)[:, None]).any())
    rows = [("some key's own alarm", f"{rang_alone / fleets:.2f}"), ("an alert (e-BH)", f"{alerted / fleets:.2f}")]
    table("A hundred unchanged keys, two years, holdouts drawn", ("in a fleet there was", "share of fleets"), rows)


def coverage() -> None:
    rows = []
    for h in HORIZONS:
        generator = np.random.default_rng(50 + h)
        draws = summed(N_YEARS, YEAR, h=h, generator=generator) < NormalDist().inv_cdf(TRUTH)
        missed = once = width = fixed = 0.0
        for row in draws:
            looks = [confidence_sequences.share(row[:n], horizon_bars=h) for n in range(5, YEAR + 1, 4)]
            naive = [intervals.wilson(one.value, one.n, horizon_bars=h) for one in looks]
            missed += any(not one.low <= TRUTH <= one.high for one in looks)
            once += any(not one.low <= TRUTH <= one.high for one in naive)
            width += (looks[-1].high - looks[-1].low) / N_YEARS
            fixed += (naive[-1].high - naive[-1].low) / N_YEARS
        rows.append(("accuracy", h, f"{missed / N_YEARS:.3f}", f"{once / N_YEARS:.3f}", f"{width:.3f}", f"{fixed:.3f}"))
        rows.append(("log-loss difference", h, *_differences(h)))
    columns = (
        "what",
        "h",
        "true value left out on some day",
        "same with an interval for one look",
        "width",
        "width at one look",
    )
    table("Confidence sequences over a year of daily looks", columns, rows)


def _differences(h: int) -> tuple[str, str, str, str]:
    generator, n_years = np.random.default_rng(60 + h), 60
    draws = np.clip(summed(n_years, YEAR, h=h, generator=generator) * 0.15 - 0.015, -1.6, 3.2)
    missed = once = width = fixed = 0.0
    for row in draws:
        looks = [
            confidence_sequences.mean(row[:n], lowest=-1.6, highest=3.2, horizon_bars=h)
            for n in range(8 * h, YEAR + 1, 12)
        ]
        naive = [intervals.at_one_look(row[:n], horizon_bars=h)[0] for n in range(8 * h, YEAR + 1, 12)]
        missed += any(not one.low <= -0.015 <= one.high for one in looks)
        once += any(not one.low <= -0.015 <= one.high for one in naive)
        width += (looks[-1].high - looks[-1].low) / n_years
        fixed += (naive[-1].high - naive[-1].low) / n_years
    return f"{missed / n_years:.3f}", f"{once / n_years:.3f}", f"{width:.3f}", f"{fixed:.3f}"


def sizes() -> None:
    rows = []
    for h in HORIZONS:
        for n in (60, 120, 250, 500):
            generator = np.random.default_rng(n + h)
            draws = summed(N_TESTS, n, h=h, generator=generator)
            p = [intervals.at_one_look(row, horizon_bars=h)[1] for row in draws]
            told = np.array([one for one in p if one is not None])
            size = f"{np.mean(told < 0.05):.3f}" if len(told) else "no answer: below 4 horizons"
            shares = [intervals.share_at_one_look(row < 0, horizon_bars=h) for row in draws[:1_000]]
            covered = np.mean([one.low <= 0.5 <= one.high for one in shares])
            rows.append((h, n, size, f"{covered:.3f}"))
    table("One look: size of the test at 5 %, coverage of the share at 95 %", ("h", "n", "size", "coverage"), rows)


def main() -> None:
    print("# What the evidence is worth\n")
    print(
        f"Simulated: true accuracy {TRUTH}, holdout of {HOLDOUT} rows, {N_PATHS:,} sequences for the alarms; outcomes "
        "that overlap are sums over the bars of their horizon. Cells of falls: share noticed, median bars. Written by "
        "`python -m benchmarks.statistics`."
    )
    alarms()
    curve()
    fleet()
    coverage()
    sizes()


if __name__ == "__main__":
    main()
