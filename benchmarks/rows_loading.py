"""From disk into memory: what is known without loading, loading safely, the first forecast, and a process from cold."""

import json
import pickle
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from benchmarks import fixtures, guide, parity, results, timing
from benchmarks.fixtures import AAPL, NEWER, Bench
from benchmarks.results import Row

from ensemble_desk import loader
from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.serving import ensembles as serving

ROOT = Path(__file__).resolve().parent.parent


def info(bench: Bench) -> list[Row]:
    """Tell about a key's production version."""
    folder = bench.models()
    theirs = guide.Loader(folder)
    loader.use(fixtures.settings(folder))

    def ask() -> dict[str, Any]:
        return loader.EnsembleLoader.get_model_info("AAPL", "d1") or {}

    ask()
    fixtures.settle()
    same = parity.equal(ask(), theirs.get_model_info("AAPL", "d1"), "seven answers")
    works = ask, partial(theirs.get_model_info, "AAPL", "d1")
    ours, reference = timing.in_turns(*works, repeats=bench.scale.repeats)
    with fixtures.registry(folder) as beside:
        ask()
        fixtures.settle()
        anew, again = timing.after(partial(fixtures.write, beside), *works, repeats=bench.scale.repeats)
    loader.use(None)
    what, against = "info of a key's production version", "the guide's get_model_info"
    return [
        results.faster(what, against, ours, reference, target=100, same=same),
        results.faster(f"{what}, {results.ANEW}", against, anew, again, target=100, same=same),
    ]


def safe_load(bench: Bench) -> list[Row]:
    """Load the same RF+GB pickle from its file: digest and allow-list against nothing, and against skops."""
    import skops.io

    folder = bench.models()
    file = folder / f"AAPL_d1_{NEWER}.pkl"
    with fixtures.registry(folder) as desk:
        store, sha256 = desk.store, versions.get(desk, AAPL, NEWER).sha256
    beside = bench.piece("skops", lambda draft: _write_skops(file, draft / "models.skops")) / "models.skops"
    trusted = skops.io.get_untrusted_types(file=beside)

    def load() -> dict[str, Any]:
        return loading.load(store.read(file.name), name=file.name, max_bytes=store.max_bytes, expected_sha256=sha256)

    def unsafe() -> dict[str, Any]:
        return dict(pickle.loads(file.read_bytes()))

    asked = fixtures.rows(50)
    first, second, third = (_answer(loaded) for loaded in (load(), unsafe(), skops.io.load(beside, trusted=trusted)))
    same = parity.probabilities(first(asked), second(asked))
    parity.probabilities(first(asked), third(asked))
    ours, plain, audited = timing.in_turns(
        load, unsafe, lambda: skops.io.load(beside, trusted=trusted), repeats=bench.scale.repeats
    )
    what = "verified safe load (SHA-256 + allow-list) of an RF+GB pickle"
    return [
        results.no_slower(what, "pickle.load of the same file", ours, plain, target=1.6, same=same),
        results.faster(what, "skops.io.load of the same artifact", ours, audited, target=10, same=same),
    ]


def first_forecast(bench: Bench) -> list[Row]:
    """From the file to a forecast in a process that has imported everything; nothing of the version in memory."""
    folder, asked = bench.models(), fixtures.rows(1)
    theirs = guide.Loader(folder)
    with fixtures.registry(folder) as desk:

        def forecast() -> dict[str, Any]:
            desk.cache.clear()
            return serving.ensemble(desk, AAPL).predict(asked)

        def by_guide() -> dict[str, Any]:
            return guide.Ensemble(_present(theirs.load_latest_model("AAPL", "d1"))).predict(asked)

        same = parity.probabilities(forecast(), by_guide())
        ours, reference = timing.in_turns(forecast, by_guide, repeats=bench.scale.repeats)
    what = "disk to first forecast in a warm process, digest check included"
    return [results.faster(what, "the guide's load and predict", ours, reference, target=8, same=same)]


def cold_process(bench: Bench) -> list[Row]:
    """A new process each time: import, load production, read features from a file, forecast the last row."""
    folder = bench.models()
    asked = bench.piece("asked", lambda draft: fixtures.rows(300).to_csv(draft / "features.csv")) / "features.csv"

    def run(side: str) -> tuple[float, dict[str, Any]]:
        command = [sys.executable, "-m", "benchmarks.cold", side, str(folder), str(asked)]
        began = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return time.perf_counter() - began, json.loads(done.stdout)

    same = parity.probabilities(run("ours")[1], run("guide")[1])
    taken = [(run("ours")[0], run("guide")[0]) for _ in range(bench.scale.repeats)]
    ours, reference = timing.Sample.of(one for one, _ in taken), timing.Sample.of(other for _, other in taken)
    what = "cold process: import, load production, forecast the last bar"
    return [results.faster(what, "the guide's steps", ours, reference, target=2.5, same=same)]


def _write_skops(file: Path, beside: Path) -> None:
    import skops.io

    skops.io.dump(pickle.loads(file.read_bytes()), beside)


def _answer(artifact: dict[str, Any]) -> Any:
    def answer(asked: pd.DataFrame) -> Any:
        return guide.Ensemble(artifact).predict_batch(asked)

    return answer


def _present(artifact: dict[str, Any] | None) -> dict[str, Any]:
    if artifact is None:
        raise FileNotFoundError
    return artifact
