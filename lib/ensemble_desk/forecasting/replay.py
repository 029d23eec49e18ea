"""Honest replay: each past bar forecast by the version that was newest at it, from no more than was known then."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from ensemble_desk.ensemble.forecaster import Batch, EnhancedEnsembleForecaster
from ensemble_desk.ensemble.votes import MOVES
from ensemble_desk.errors import (
    AllMembersAbstainedError,
    DatabaseError,
    DeskError,
    NoTrainingWindowError,
    UntoldLabelError,
)
from ensemble_desk.forecasting import log
from ensemble_desk.forecasting.log import Entry, Kind, Stamp
from ensemble_desk.market import aims
from ensemble_desk.market.aims import Aim
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.registry import walking
from ensemble_desk.registry.entities import VersionRecord
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.serving import ensembles as serving
from ensemble_desk.work.places import Place


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay did to the log of one key.

    Attributes
    ----------
    n_forecasts : forecasts made, over all horizons.
    n_new : those that the log did not hold yet.
    n_silent : bars and horizons at which every member abstained; they have no forecast.
    by_version : forecasts made by version.
    skipped : reason by version that could not be asked.
    problem : why the key could not be replayed at all; '' when it was.
    """

    key: Key
    n_forecasts: int
    n_new: int
    n_silent: int
    by_version: Mapping[str, int]
    skipped: Mapping[str, str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """The bars at which one version was the newest: later than ``after``, up to and including ``until``."""

    record: VersionRecord
    after: datetime
    until: datetime | None


def run(registry: Registry, key: Key) -> ReplayReport:
    """Forecast every bar whose outcome is known, from the first version's training to the newest bar, into the log.

    The newest bars, whose outcome is still open, are left to live forecasts. A version never forecasts a bar of its
    own training window. What the log holds already stays as it is.

    Raises
    ------
    UnknownKeyError, SourceError, DatabaseError
    NoTrainingWindowError
        When no version tells which bars it was trained on.
    """
    records = versions.of_key(registry, key)
    if all(one.last_bar is None for one in records):
        raise NoTrainingWindowError(key)
    bars = registry.source.bars(key).frame
    skipped = {one.version: _untold(one) for one in records if one.last_bar is None}
    by_version: dict[str, int] = {}
    n_new = n_silent = 0
    for segment in segments(records):
        record = segment.record
        try:
            ensemble = serving.ensemble_of(registry, key, record.version)
            entries, silent = _forecast(ensemble, key, bars, segment)
        except DeskError as error:
            skipped[record.version] = str(error)
            continue
        stamp = Stamp(key, record.version, record.sha256, None, Kind.REPLAY, registry.clock())
        n_new += log.append(registry.database, stamp, entries)
        n_silent += silent
        by_version[record.version] = len(entries)
    return ReplayReport(key, sum(by_version.values()), n_new, n_silent, by_version, skipped)


def run_each(
    registry: Registry, keys: Sequence[Key], *, place: Place | None = None, told: walking.Told | None = None
) -> tuple[ReplayReport, ...]:
    """Replay many keys, wherever work is done; one that cannot be replayed has a report that says why.

    Raises
    ------
    DatabaseError, ClusterError, OtherReleaseError, MissingExtraError
    """
    return walking.each(registry, _tried, keys, lost=_not_replayed, place=place, told=told)


def _tried(registry: Registry, key: Key) -> ReplayReport:
    try:
        return run(registry, key)
    except DatabaseError:
        raise
    except DeskError as error:
        return _not_replayed(key, str(error))


def _not_replayed(key: Key, reason: str) -> ReplayReport:
    return ReplayReport(key, 0, 0, 0, {}, {}, problem=reason)


def _untold(record: VersionRecord) -> str:
    name = f"{record.key}/{record.version}"
    return f"its training window is not known; tell it: desk registry describe '{name}' --trained-until version"


def segments(records: tuple[VersionRecord, ...]) -> tuple[Segment, ...]:
    """Cut time by the ends of training windows; of versions trained on the same bars the newest counts."""
    newest: dict[datetime, VersionRecord] = {}
    for record in records:
        if record.last_bar is not None:
            known = newest.get(record.last_bar)
            newest[record.last_bar] = record if known is None else max(known, record, key=lambda one: one.version)
    ends = sorted(newest)
    return tuple(Segment(newest[end], end, following) for end, following in zip(ends, [*ends[1:], None], strict=True))


def _forecast(
    ensemble: EnhancedEnsembleForecaster, key: Key, bars: pd.DataFrame, segment: Segment
) -> tuple[list[Entry], int]:
    entries: list[Entry] = []
    n_silent = 0
    ensemble.prepare()
    traits = ensemble.ensemble_manager.ensemble.traits
    if traits.label is None:
        raise UntoldLabelError(key, traits.version)
    aim = Aim(traits.horizon, traits.label.horizon_bars, traits.label)
    for horizon, n_bars in aims.horizons_beside(aim, timeframe=key.timeframe).items():
        seen = bars.iloc[: max(len(bars) - n_bars, 0)]
        if segment.until is not None:
            seen = seen.loc[: pd.Timestamp(segment.until)]
        if seen.empty or seen.index[-1] <= pd.Timestamp(segment.after):
            continue
        try:
            batch = ensemble.vote(seen, horizon=horizon, horizon_bars=n_bars, after=segment.after)
        except AllMembersAbstainedError:
            continue  # a version without price members speaks about its own horizon only
        made = list(_entries(batch, pd.DatetimeIndex(bars.index)))
        n_silent += len(batch.ballot.rows.index) - len(made)
        entries += made
    return entries, n_silent


def _entries(batch: Batch, times: pd.DatetimeIndex) -> Iterator[Entry]:
    """Turn votes into entries of the log; rows without votes have none."""
    ballot = batch.ballot
    index = pd.DatetimeIndex(ballot.rows.index)
    at = times.get_indexer(index)
    as_of, target_at = index.to_pydatetime(), times[at + batch.horizon_bars].to_pydatetime()
    by_member = ballot.by_member
    voted = dict(zip(by_member, ballot.pool.voted, strict=True))
    shares = dict(zip(by_member, ballot.pool.shares, strict=True))
    agreement = ballot.pool.agreement(ballot.labels)
    leans, moves = ballot.leans(batch.usual), ballot.moves()
    for row in np.flatnonzero(np.isfinite(ballot.probabilities).all(axis=1)).tolist():
        present = [name for name in ballot.votes if voted[name][row]]
        silent = {name: votes.reason for name, votes in ballot.votes.items() if not voted[name][row]}
        label = int(ballot.labels[row])
        yield Entry(
            as_of=as_of[row],
            target_at=target_at[row],
            horizon=batch.horizon,
            horizon_bars=batch.horizon_bars,
            basis=batch.basis,
            label=CLASSES[label],
            probabilities=ballot.probabilities[row].tolist(),
            confidence=float(ballot.probabilities[row, label]),
            agreement=float(agreement[row]),
            members={name: by_member[name][row].tolist() for name in present},
            weights_used={name: float(shares[name][row]) for name in present},
            abstentions=silent | dict(batch.silent),
            lean=leans[row],
            bands={
                name: dict(zip(MOVES, told[row].tolist(), strict=True))
                for name, told in moves.items()
                if name in present
            },
        )
