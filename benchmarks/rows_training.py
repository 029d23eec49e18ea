"""Training: the demo set with every core, against the same fits one after the other."""

import importlib
from collections import Counter, defaultdict
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

N_ROUNDS = 2  # of the demo set: the first two dates of every key; all four would take half of the time there is


def demo_set(bench: Bench) -> list[Row]:
    """Each version once on each side, round by round, parallel and sequential in turns; starting workers included."""
    blocks = _rounds(demo.plan(SampleSource()))[:N_ROUNDS]
    if bench.scale.n_keys < 100:
        blocks = [blocks[0][:2]]
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
    n = sum(map(len, blocks))
    what = f"training the demo set ({n} versions of it; times per round, the figure of their sums)"
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


def _rounds(requests: tuple[TrainingRequest, ...]) -> list[list[TrainingRequest]]:
    """The first date of every key, then the second one, and so on, as a fleet trains them."""
    seen: Counter[object] = Counter()
    rounds: dict[int, list[TrainingRequest]] = defaultdict(list)
    for request in requests:
        rounds[seen[request.key]].append(request)
        seen[request.key] += 1
    return list(rounds.values())


def _said(folder: Path) -> list[object]:
    with fixtures.registry(folder) as desk:
        page = versions.listing(desk, order="symbol", descending=False, limit=1_000)
    return [(row.key, row.version, dict(row.weights), row.ensemble_accuracy) for row in page.rows]
