"""Training: the demo set with every core, against the same fits one after the other."""

import importlib
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks import fixtures, parity, results, timing
from benchmarks.fixtures import Bench
from benchmarks.results import Row
from lib.registry import versions
from lib.sources.sample import SampleSource
from lib.training import demo, fleet
from lib.training.fleet import TrainingRequest

BLOCK = 4  # versions of different keys that are trained together


def demo_set(bench: Bench) -> list[Row]:
    """The whole set once on each side, in blocks, parallel and sequential in turns; starting workers included."""
    wanted = _in_rounds(demo.plan(SampleSource()))
    if bench.scale.n_keys < 100:
        wanted = wanted[:2]
    blocks = [wanted[start : start + BLOCK] for start in range(0, len(wanted), BLOCK)]
    taken: list[tuple[timing.Sample, timing.Sample]] = []

    def train(folder: Path) -> None:
        alone = bench.piece("trained-alone", _nothing)
        work = partial(fleet.train_all, actor="benchmark")
        together = [partial(work, fixtures.settings(folder), block, n_jobs=0) for block in blocks]
        in_sequence = [partial(_alone, partial(work, fixtures.settings(alone), block, n_jobs=1)) for block in blocks]
        taken.append(timing.paired_steps(together, in_sequence))

    if (bench.folder / "trained").exists():
        train(bench.piece("trained-again", _nothing))
        made = bench.folder / "trained-again"
    else:
        made = bench.piece("trained", train)
    ours, theirs = taken[0]
    same = parity.equal(_said(made), _said(bench.folder / "trained-alone"), "versions, weights and accuracies")
    what = f"training the demo set ({len(wanted)} versions, times per block of {BLOCK})"
    row = results.faster(what, "the same fits in sequence", ours, theirs, target=1.7, same=same)
    return [results.of_totals(row)]


def _alone(work: Callable[[], object]) -> None:
    """Train in this process with one thread, as each of several processes does; fits depend on the number."""
    for library in ("scipy.optimize", "sklearn.ensemble", "arch.univariate"):
        importlib.import_module(library)  # only what is loaded can be limited
    with threadpool_limits(1):
        work()


def _nothing(folder: Path) -> None:
    """Begin with an empty folder."""


def _in_rounds(requests: tuple[TrainingRequest, ...]) -> list[TrainingRequest]:
    """The first date of every key, then the second one: neighbours are of different keys and can run side by side."""
    seen: Counter[object] = Counter()
    ranked = []
    for request in requests:
        ranked.append((seen[request.key], request))
        seen[request.key] += 1
    return [request for _, request in sorted(ranked, key=lambda pair: pair[0])]


def _said(folder: Path) -> list[object]:
    with fixtures.registry(folder) as desk:
        page = versions.listing(desk, order="symbol", descending=False, limit=1_000)
    return [(row.key, row.version, dict(row.weights), row.ensemble_accuracy) for row in page.rows]
