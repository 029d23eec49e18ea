"""Forecasts: one row, many rows, a thousand keys, and a replay of two versions."""

from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks import fixtures, guide, parity, results, timing
from benchmarks.fixtures import AAPL, NEWER, OLDER, Bench
from benchmarks.results import Row

from ensemble_desk import loader
from ensemble_desk.market import features
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.preflight import replay
from ensemble_desk.registry.preflight.replay import HISTORY_BARS, N_BARS
from ensemble_desk.registry.serving import ensembles as serving
from ensemble_desk.sources.sample import SampleSource

AS_PICKLED = "pickled estimators as the guide has them (n_jobs=-1)"
SERIAL = "the same estimators with n_jobs=1"
N_ROWS = 500


def one_row(bench: Bench) -> list[Row]:
    """The production ensemble, loaded, asked about one row; every call looks where production points."""
    asked = fixtures.rows(1)
    theirs = [_by_guide(bench), _by_guide(bench, serial=True)]
    with fixtures.registry(bench.models()) as desk:
        ensemble = serving.ensemble(desk, AAPL)
        same = parity.probabilities(ensemble.predict(asked), theirs[0].predict(asked))
        ours, parallel, serial = timing.in_turns(
            lambda: ensemble.predict(asked),
            lambda: theirs[0].predict(asked),
            lambda: theirs[1].predict(asked),
            repeats=bench.scale.repeats,
        )
        fresh, _ = timing.after(
            partial(fixtures.write, desk), lambda: ensemble.predict(asked), lambda: None, repeats=bench.scale.repeats
        )
    what = "forecast of RF+GB, one row, warm: pointer, checks, members, pool"
    return [
        results.within(f"{what}, {results.ANEW}", fresh, target=None),
        results.faster(what, AS_PICKLED, ours, parallel, target=80, same=same),
        results.faster(what, SERIAL, ours, serial, target=25, same=same),
    ]


def many_rows(bench: Bench) -> list[Row]:
    """The same about 500 rows at once."""
    asked, theirs = fixtures.rows(N_ROWS), _by_guide(bench)
    with fixtures.registry(bench.models()) as desk:
        ensemble = serving.ensemble(desk, AAPL)
        same = parity.probabilities(ensemble.predict_batch(asked), theirs.predict_batch(asked))
        ours, reference = timing.in_turns(
            lambda: ensemble.predict_batch(asked), lambda: theirs.predict_batch(asked), repeats=bench.scale.repeats
        )
    what = f"forecast of RF+GB, {N_ROWS} rows, warm"
    return [results.faster(what, AS_PICKLED, ours, reference, target=4, same=same)]


def thousand_keys(bench: Bench) -> list[Row]:
    """Every key of the folder once, from its file, in one process; timed in blocks, ours and the guide's in turns.

    Of each block the guide forecasts every third key, and its time counts three times: its keys cost the same each.
    """
    folder, asked = bench.models(), fixtures.rows(1)
    keys = [fixtures.generated_key(number) for number in range(bench.scale.n_keys)]
    blocks = [keys[start :: bench.scale.repeats] for start in range(bench.scale.repeats)]
    thirds = [block[::3] for block in blocks]
    theirs = guide.Loader(folder)
    said: dict[str, dict[Key, dict[str, Any]]] = {"ours": {}, "guide": {}}

    def by_us(block: list[Key]) -> None:
        for key in block:
            ensemble = loader.get_production_ensemble_with_trained_weights(key.symbol, key.timeframe)
            said["ours"][key] = ensemble.predict(asked)

    def by_guide(block: list[Key]) -> None:
        for key in block:
            artifact = theirs.load_latest_model(key.symbol, key.timeframe) or {}
            said["guide"][key] = guide.Ensemble(artifact).predict(asked)

    loader.use(fixtures.settings(folder))
    loader.get_production_ensemble_with_trained_weights("AAPL", "d1").predict(asked)
    ours, a_third = timing.paired_steps(
        [partial(by_us, block) for block in blocks], [partial(by_guide, third) for third in thirds]
    )
    loader.use(None)
    pairs = zip(blocks, thirds, a_third.seconds, strict=True)
    reference = timing.Sample.of(seconds * len(block) / len(third) for block, third, seconds in pairs)
    same = parity.probabilities([said["ours"][key] for key in said["guide"]], list(said["guide"].values()))
    what = f"batch forecast of {len(keys):,} keys from one process, each from its file (times per block of a seventh)"
    against = "the guide's loop (every third key timed, times 3)"
    return [results.faster(what, against, ours, reference, target=5, same=same)]


def replay_of_two(bench: Bench) -> list[Row]:
    """Two versions on the newest 250 bars: bars, features, forecasts, outcomes and comparison against row by row."""
    versions = [guide.Ensemble(_artifact(bench, name)) for name in (OLDER, NEWER)]
    newest = SampleSource().bars(AAPL).tail(N_BARS + HISTORY_BARS).frame

    def row_by_row(n_bars: int) -> list[list[dict[str, Any]]]:
        computed = features.compute(newest)
        times = range(len(computed) - n_bars, len(computed))
        return [[version.predict(computed.iloc[: at + 1]) for at in times] for version in versions]

    with fixtures.registry(bench.models()) as desk:
        work: Callable[[], replay.Replay] = partial(replay.replay, desk, AAPL, OLDER, NEWER)
        found, told = work(), row_by_row(N_BARS)
        same = parity.probabilities(found.current, told[0]) + " (both versions)"
        parity.probabilities(found.target, told[1])
        (ours,) = timing.in_turns(work, repeats=bench.scale.repeats)
    one_bar = timing.in_turns(lambda: row_by_row(10), repeats=bench.scale.repeats)[0]
    reference = timing.Sample.of(seconds * N_BARS / 10 for seconds in one_bar.seconds)
    what = f"replay of two versions over {N_BARS} bars"
    against = f"row-by-row predict (10 rows of each timed, times {N_BARS // 10})"
    return [results.faster(what, against, ours, reference, target=50, same=same)]


def _artifact(bench: Bench, version: str) -> dict[str, Any]:
    import pickle

    with (bench.models() / f"AAPL_d1_{version}.pkl").open("rb") as file:
        return dict(pickle.load(file))


def _by_guide(bench: Bench, *, serial: bool = False) -> guide.Ensemble:
    artifact = _artifact(bench, NEWER)
    return guide.Ensemble(guide.serial(artifact) if serial else artifact)
