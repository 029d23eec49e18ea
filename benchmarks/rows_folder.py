"""What a folder of artifacts costs: taken in for the first time, and verified."""

import shutil
from itertools import count
from pathlib import Path
from unittest import mock

from benchmarks import fixtures, parity, results, timing
from benchmarks.fixtures import Bench
from benchmarks.results import Row

from ensemble_desk.artifacts import digests
from ensemble_desk.artifacts.examiner import asking, looking
from ensemble_desk.registry.folder import audit, sync
from ensemble_desk.work.places import Place

N_NEW = 40  # few enough for one process on both sides


def first_sync(bench: Bench) -> list[Row]:
    """Take good artifacts in, each examined in a limited process, against the same with all of it in this one."""
    n = min(N_NEW, bench.scale.n_keys)
    files = sorted(bench.models().glob("S*.pkl"))[:n]
    numbers = count()

    def take_in() -> tuple[str, ...]:
        folder = bench.folder / f"new-{next(numbers)}"
        folder.mkdir(parents=True)
        for file in files:
            shutil.copy2(file, folder)
        with fixtures.registry(folder) as desk:
            added = sync.synchronise(desk).added
        shutil.rmtree(folder)
        return tuple(sorted(added))

    def in_this_process() -> tuple[str, ...]:
        with mock.patch.object(asking, "look", looking.look):
            return take_in()

    same = parity.equal(take_in(), in_this_process(), f"{n} versions")
    ours, theirs = timing.in_turns(take_in, in_this_process, repeats=2)
    what = f"first sync of {n} good artifacts, each examined in a limited process, serving forms written"
    return [results.no_slower(what, "the same examined in the process that syncs", ours, theirs, target=1.3, same=same)]


def verify(bench: Bench) -> list[Row]:
    """Verify everything, database included, against reading and hashing the files alone; one process each."""
    folder = bench.models()
    with fixtures.registry(folder) as desk:

        def hashed() -> set[str]:
            return {digests.of(path.read_bytes()) for path in _kept(folder)}

        def verified() -> None:
            found = audit.verify(desk, place=Place(n_jobs=1))
            if found:
                raise parity.DifferentResultsError(str(found[:3]))

        ours, theirs = timing.in_turns(verified, hashed, repeats=3)
    what = f"verify of {len(list(folder.glob('*.pkl'))):,} artifacts, their serving forms, chains and ledger"
    return [results.no_slower(what, "reading and hashing alone", ours, theirs, target=1.5, same="nothing found")]


def _kept(folder: Path) -> list[Path]:
    return [*folder.glob("*.pkl"), *(path for path in (folder / "serving").rglob("*") if path.is_file())]
