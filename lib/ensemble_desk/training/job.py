"""Training of one key, from the source of bars to a registered version, told in a row of training_runs."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from ensemble_desk.artifacts.store.protocol import Published
from ensemble_desk.ensemble.members import catalogue, lstm
from ensemble_desk.errors import AlreadyTrainingError, DeskError, FeatureSetError, FutureDateError
from ensemble_desk.market import feature_sets, timeframes
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.registry.folder import lost, registering, retention, sync
from ensemble_desk.registry.opening import Registry
from ensemble_desk.sources import sessions
from ensemble_desk.training import fitting, identity, processes, run_log, wanted_label
from ensemble_desk.training.fitting import Progress
from ensemble_desk.training.pooled import symbols as pooling
from ensemble_desk.training.run_log import Begun, Result
from ensemble_desk.training.runs import COMPLETED, FAILED
from ensemble_desk.training.wanted_label import WantedLabel

N_STEPS = fitting.N_STEPS + 2
SEED = 20_250_121
INTERRUPTED = "the training was interrupted"
_POLL_SECONDS = 0.5

_Recipe = tuple[Sequence[str], LabelSpec, int, str, Mapping[str, pd.DataFrame], str]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """How the training of one key ended; ``version`` when it completed, ``error`` when it failed.

    ``known``: the same had been trained before, and this is its version.
    """

    run_id: int | None
    key: Key
    status: str
    version: str | None
    error: str | None
    seconds: float
    known: bool = False


def train(
    registry: Registry,
    key: Key,
    *,
    as_of: datetime | None,
    actor: str,
    progress: Progress | None = None,
    members: Sequence[str] = catalogue.DEFAULT_MEMBERS,
    seed: int = SEED,
    label: WantedLabel = wanted_label.DEFAULT,
    feature_set: str = "",
    again: str = "",
) -> TrainingOutcome:
    """Train, publish and register one version; a failure is recorded and told, never raised.

    The same asked for again, at any time and on any machine, gives the version that is there: see :mod:`.identity`. It
    waits for one that is being trained elsewhere, and takes over where that ended with its process.

    The version is named by the day its data ends: the ``as_of`` date when one is given, else the date of the last bar,
    so that a version never claims to know more than it was shown.

    Parameters
    ----------
    as_of
        only bars up to this moment are used; None uses all.
    members
        which members to train; ``lstm`` is one more than the default ones.
    label
        horizon and threshold that the version learns.
    feature_set
        name of the team's own features to learn from; empty: ours.
    again
        any text that tells the wish for another version of the same apart; empty: there is no such wish.

    Raises
    ------
    FeatureSetError
        When there are no such features, or a member does not read them; no run is recorded.
    InvalidHorizonError
        When the horizon is none of this timeframe; no run is recorded.
    FutureDateError
        When ``as_of`` has not come yet; no run is recorded.
    UnknownMemberError, MissingExtraError
        When a member does not exist or needs what is not installed; no run is recorded.
    AlreadyTrainingError
        When another training of the key is under way, wherever it was started; no second run is recorded.
    RegistryLostError
        When the registry is empty and the folder holds what another one has published; no run is recorded.
    """
    catalogue.require(members)
    if feature_set:
        _check_own(feature_set, members)
    spec = label.of(key.timeframe)
    began = registry.clock()
    if as_of is not None and as_of.date() > began.date():
        raise FutureDateError(as_of, today=began.date())
    lost.refuse_lost(registry)
    bars = _bars(registry, key, as_of)
    zone = "UTC" if key.timeframe in timeframes.OF_SESSIONS else sessions.zone(registry.settings.calendar)
    recipe = (members, spec, seed, feature_set, _peers(registry, bars, members, feature_set), zone)
    asked = _identity(bars, as_of, recipe, again)
    begun = _begin(registry, key, as_of=as_of, actor=actor, identity=asked)
    if begun.version is not None:
        return TrainingOutcome(begun.run_id, key, COMPLETED, begun.version, None, _seconds(registry, began), known=True)
    run_id = begun.run_id
    try:
        with processes.beating(registry.database, run_log.heart(run_id)):
            version = _run(
                registry,
                bars,
                key,
                run_id,
                as_of=as_of,
                actor=actor,
                progress=progress,
                recipe=recipe,
            )
    except DeskError as error:
        return _failed(registry, key, run_id, str(error), began=began)
    except Exception as error:  # noqa: BLE001 - the one boundary where a broken key must end in its row
        _log.exception("Training %s broke", key)
        return _failed(registry, key, run_id, f"{type(error).__name__}: {error}", began=began)
    except BaseException:
        _failed(registry, key, run_id, INTERRUPTED, began=began)
        raise
    return TrainingOutcome(run_id, key, COMPLETED, version, None, _seconds(registry, began))


def _bars(registry: Registry, key: Key, as_of: datetime | None) -> Bars | Exception:
    """Read the bars; what hinders that is told by the run, which has no row yet."""
    try:
        return registry.source.bars(key, until=as_of)
    except Exception as error:  # noqa: BLE001 - raised again as soon as the run has its row
        return error


def _peers(
    registry: Registry, bars: Bars | Exception, members: Sequence[str], feature_set: str
) -> Mapping[str, pd.DataFrame]:
    """Read the bars of other symbols for the members that learn from all of them."""
    if isinstance(bars, Exception) or feature_set or not catalogue.POOLED_MEMBERS & set(members):
        return {}
    return pooling.peers(registry.source, bars.key, until=bars.last)


def _identity(bars: Bars | Exception, as_of: datetime | None, recipe: _Recipe, again: str) -> str:
    """Digest what is asked for; empty when what it would learn from cannot be had, which its run will tell."""
    if isinstance(bars, Exception):
        return ""
    members, label, seed, feature_set, peers, zone = recipe
    try:
        return identity.of(
            bars,
            peers=peers,
            zone=zone,
            day=_day(bars, as_of),
            members=members,
            label=label,
            seed=seed,
            feature_set=feature_set,
            again=again,
        )
    except DeskError:
        return ""


def _begin(registry: Registry, key: Key, *, as_of: datetime | None, actor: str, identity: str) -> Begun:
    """Begin a run, or wait for the one that does the same; raises AlreadyTrainingError while another one runs."""
    while True:
        run_log.mark_dead(registry.database, at=registry.clock())
        if identity and run_log.died(registry.database, key, identity):
            _take_in(registry)
        try:
            return run_log.start(
                registry.database,
                key,
                at=registry.clock(),
                as_of=as_of,
                actor=actor,
                process=processes.this_one(),
                n_steps=N_STEPS,
                alone=True,
                identity=identity,
            )
        except AlreadyTrainingError as error:
            if not error.same:
                raise
        time.sleep(_POLL_SECONDS)


def _take_in(registry: Registry) -> None:
    """Register what a run has published before its process ended, so that it is not trained a second time."""
    try:
        sync.synchronise(registry)
    except DeskError as error:
        _log.warning("The models folder could not be looked at before a training: %s", error)


def _check_own(feature_set: str, members: Sequence[str]) -> None:
    feature_sets.get(feature_set)
    if lstm.NAME in members:
        problem = f"the member {lstm.NAME} reads the features of this program only"
        raise FeatureSetError(feature_set, problem)


def _run(
    registry: Registry,
    bars: Bars | Exception,
    key: Key,
    run_id: int,
    *,
    as_of: datetime | None,
    actor: str,
    progress: Progress | None,
    recipe: _Recipe,
) -> str:
    members, label, seed, feature_set, peers, zone = recipe
    step = _stepper(registry, run_id, progress)
    step("read bars", 1, N_STEPS)
    if isinstance(bars, Exception):
        raise bars
    content = fitting.fit_version(
        bars,
        peers=peers,
        zone=zone,
        label=label,
        members=members,
        seed=seed,
        feature_set=feature_set,
        progress=lambda name, number, _: step(name, number + 1, N_STEPS),
    )
    step("publish and register", N_STEPS, N_STEPS)
    run_log.refuse_dead(registry.database, key, run_id)
    published = _publish(registry, key, bars, content | {"run_id": run_id}, as_of=as_of)
    registering.register(registry, published, actor=actor)
    run_log.complete(registry.database, run_id, result=_result(registry, published, content), at=registry.clock())
    return published.version


def _publish(
    registry: Registry, key: Key, bars: Bars, content: Mapping[str, Any], *, as_of: datetime | None
) -> Published:
    whole = {**content, "code_revision": identity.code()}
    taken = retention.taken(registry, key)
    return registry.store.publish(whole, key=key, date=_day(bars, as_of), created_at=registry.clock(), taken=taken)


def _day(bars: Bars, as_of: datetime | None) -> date:
    return (bars.last if as_of is None else as_of).date()


def _result(registry: Registry, published: Published, content: Mapping[str, Any]) -> Result:
    window, evaluation = content["data_window"], content["evaluation"]
    first, last = (datetime.fromisoformat(window[name]) for name in ("first_bar", "last_bar"))
    return Result(
        version=published.version,
        path=registry.store.path_of(published.file_name),
        lookback_days=(last - first).days,
        n_training_samples=evaluation["n_train"],
        n_validation_samples=evaluation["n_holdout"],
        accuracy=content["ensemble_accuracy"],
        performances=content["performances"],
        weights=content["weights"],
    )


def _stepper(registry: Registry, run_id: int, progress: Progress | None) -> Callable[[str, int, int], None]:
    def step(name: str, number: int, n_steps: int) -> None:
        run_log.advance(registry.database, run_id, step=number, step_name=name, at=registry.clock())
        if progress is not None:
            progress(name, number, n_steps)

    return step


def _failed(registry: Registry, key: Key, run_id: int, error: str, *, began: datetime) -> TrainingOutcome:
    run_log.fail(registry.database, run_id, error=error, at=registry.clock())
    return TrainingOutcome(run_id, key, FAILED, None, error, _seconds(registry, began))


def _seconds(registry: Registry, began: datetime) -> float:
    return (registry.clock() - began).total_seconds()
