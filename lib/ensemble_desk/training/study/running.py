"""All versions of a study: every series at the end of every quarter, in parallel, member by member once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from ensemble_desk.errors import extras
from ensemble_desk.market.bars import Bars
from ensemble_desk.training.pooled import symbols as pooling
from ensemble_desk.training.study import asking, kept
from ensemble_desk.training.study.asking import Asked
from ensemble_desk.training.walk_forward import Recipe
from ensemble_desk.work import cores

_QUARTERS_A_TASK = 4

Progress = Callable[[str, int, int], None]
"""Told the series and year that are done, how many tasks are, and of how many."""


@dataclass(frozen=True, slots=True)
class _Task:
    symbol: str
    quarters: tuple[tuple[pd.Timestamp, pd.Timestamp], ...]


def quarters(first: date, last: date) -> tuple[pd.Timestamp, ...]:
    """Ends of the quarters from one day to another, in UTC."""
    return tuple(pd.date_range(first, last, freq="QE", tz="UTC"))


def run(
    series: Mapping[str, Bars],
    recipe: Recipe,
    *,
    ends: Sequence[pd.Timestamp],
    n_jobs: int,
    keep: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Asked, ...]:
    """Ask one version of each series for each quarter; it is trained at the quarter's end and asked until the next.

    Where a series has too few bars, or ends, there is no version. Ordered by series and quarter.

    Parameters
    ----------
    series : bars by symbol, all of one timeframe; they also teach the members that learn from every symbol.
    n_jobs : processes at once; 0 means one a core, 1 stays in this process.
    keep : folder in which versions are kept, and taken from where they are there already.
    """
    spans = list(zip(ends, [*ends[1:], ends[-1] + pd.offsets.QuarterEnd()], strict=True))
    tasks = [
        _Task(symbol, tuple(spans[at : at + _QUARTERS_A_TASK]))
        for symbol in series
        for at in range(0, len(spans), _QUARTERS_A_TASK)
    ]
    found: list[Asked] = []
    for number, (task, asked) in enumerate(_done(series, recipe, tasks, n_jobs=n_jobs, keep=keep), start=1):
        found += asked
        if progress is not None:
            progress(f"{task.symbol} {task.quarters[0][0]:%Y-%m}", number, len(tasks))
    order = {symbol: number for number, symbol in enumerate(series)}
    return tuple(sorted(found, key=lambda one: (order[one.symbol], one.as_of)))


def _done(
    series: Mapping[str, Bars], recipe: Recipe, tasks: Sequence[_Task], *, n_jobs: int, keep: Path | None
) -> Iterator[tuple[_Task, list[Asked]]]:
    with extras.needed():
        import joblib

    n_jobs = min(n_jobs or joblib.cpu_count(), len(tasks))
    if n_jobs == 1:
        yield from ((task, _ask(series, recipe, task, keep)) for task in tasks)
        return
    with cores.pool(n_jobs) as pool:
        running = {pool.submit(_ask, dict(series), recipe, task, keep): task for task in tasks}
        yield from ((running[future], future.result()) for future in as_completed(running))


def _ask(series: Mapping[str, Bars], recipe: Recipe, task: _Task, keep: Path | None) -> list[Asked]:
    bars = series[task.symbol]
    beside = {symbol: other.frame for symbol, other in series.items() if symbol != task.symbol}
    known = bars.until(task.quarters[-1][1].to_pydatetime())
    if not len(known.frame):
        return []
    beside_whom = ",".join(f"{symbol} {len(frame)}" for symbol, frame in sorted(beside.items()))
    names = {as_of: kept.name(known, as_of, recipe, beside=beside_whom) for as_of, _ in task.quarters}
    found = {as_of: kept.read(keep, name) for as_of, name in names.items()} if keep is not None else {}
    if found and all(found.values()):
        return [one for one in found.values() if one is not None]
    pooled = pooling.pool(known, beside, label=recipe.label) if recipe.pools else None
    asked = []
    for as_of, until in task.quarters:
        one = found.get(as_of) or asking.ask(bars, as_of=as_of, until=until, recipe=recipe, pooled=pooled)
        if one is not None and keep is not None and found.get(as_of) is None:
            kept.write(keep, names[as_of], one)
        asked += [] if one is None else [one]
    return asked
