"""Training: the demo set with every core, against the same fits one after the other."""

import importlib
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import fixtures, parity, results, timing
from benchmarks.fixtures import Bench
from benchmarks.results import Row
from benchmarks.timing import Sample
from threadpoolctl import threadpool_limits

from ensemble_desk.registry.index import versions
from ensemble_desk.sources.sample import SampleSource
from ensemble_desk.training import demo, fleet


def demo_set(bench: Bench) -> list[Row]:
    """Every version of it once on each side, first in parallel, then in sequence; starting the workers included."""
    requests = demo.plan(SampleSource())
    if bench.scale.n_keys < 100:
        requests = requests[:2]
    taken: list[tuple[Sample, Sample]] = []
    spent: list[float] = []

    def train(folder: Path) -> None:
        alone = bench.piece("trained-alone", _nothing)
        work = partial(fleet.train_all, requests=requests, actor="benchmark")
        together = partial(work, fixtures.settings(folder), n_jobs=0)
        in_sequence = partial(_alone, partial(work, fixtures.settings(alone), n_jobs=1), spent)
        taken.append(timing.paired_steps([together], [in_sequence]))

    if (bench.folder / "trained").exists():
        train(bench.piece("trained-again", _nothing))
        made = bench.folder / "trained-again"
    else:
        made = bench.piece("trained", train)
    ours, theirs = taken[0]
    same = parity.equal(_said(made), _said(bench.folder / "trained-alone"), "versions, weights and accuracies")
    what = f"training the demo set ({len(requests)} versions)"
    each = Sample.of(seconds / len(requests) for seconds in spent)
    return [
        results.faster(what, "the same fits in sequence", ours, theirs, target=1.7, same=same),
        results.within("training of a version, seconds of one core", each, target=1.0),
    ]


def _alone(work: Callable[[], object], spent: list[float]) -> None:
    """Train in this process with one thread, as each of several processes does; fits depend on the number.

    What a core worked for it is told in ``spent``, in seconds.
    """
    for library in ("scipy.optimize", "sklearn.ensemble", "arch.univariate"):
        importlib.import_module(library)  # only what is loaded can be limited
    with threadpool_limits(1):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)


def _nothing(folder: Path) -> None:
    """Begin with an empty folder."""


def _said(folder: Path) -> list[object]:
    with fixtures.registry(folder) as desk:
        page = versions.listing(desk, order="symbol", descending=False, limit=1_000)
    return [(row.key, row.version, dict(row.weights), row.ensemble_accuracy) for row in page.rows]
