"""The pages at 100,000 versions and 1,000,000 forecasts: from asking to the last message, over the real protocol."""

import asyncio
import shutil
from pathlib import Path

from benchmarks import fixtures, generated, generated_log, results, rows_registry, timing
from benchmarks.fixtures import Bench
from benchmarks.results import Row
from benchmarks.server import Server, Visitor, serving

from ensemble_desk.registry.folder import sync
from ensemble_desk.training import demo

WARM_SECONDS, CHANGED_SECONDS = 0.060, 0.600
SEEN_AFTER_SECONDS = 2.1  # a change made by another process shows after two seconds
KEY = "key=AAPL%2Fd1"
PAGES = {
    "overview": "",
    "versions": "",
    "performance": KEY,
    "predict": KEY,
    "drift": KEY,
    "rollback": f"{KEY}&target=20120330",
    "training_runs": "",
}
ADDRESSES = {"overview": ""}  # the page that opens by default has no name in its address
_WARM_UPS = 3
_STARTED_AFTER_SECONDS = 10.0  # a new server imports its libraries and looks at the folder beside its first pages


def desk(bench: Bench) -> Path:
    """The demo set, really trained, beside generated versions, runs, forecasts and outcomes."""
    return bench.piece(f"pages-{bench.scale.n_versions}", lambda folder: _desk(bench, folder))


def trained(bench: Bench) -> Path:
    """The demo set, which the row about training leaves behind, or trained now."""
    return bench.piece("trained", _train)


def _train(folder: Path) -> None:
    demo.run(fixtures.settings(folder), if_empty=True, actor="benchmark")


def _desk(bench: Bench, folder: Path) -> None:
    shutil.copytree(rows_registry.desk(bench, bench.scale.n_versions), folder, dirs_exist_ok=True)
    shutil.copytree(trained(bench), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("registry*"))
    with fixtures.registry(folder) as opened:
        sync.synchronise(opened)
    generated_log.fill(folder, bench.scale.n_forecasts)


def pages(bench: Bench) -> list[Row]:
    """Every page, warm and after a change that another process made."""
    folder = desk(bench)
    with serving(folder) as server:
        found = asyncio.run(_measure(bench, folder, server))
    rows = []
    for page, (warm, changed) in found.items():
        rows.append(results.within(f"script run of {page}, warm", warm, target=WARM_SECONDS))
        rows.append(results.within(f"script run of {page}, after a change", changed, target=CHANGED_SECONDS))
    return rows


async def _measure(bench: Bench, folder: Path, server: Server) -> dict[str, tuple[timing.Sample, timing.Sample]]:
    found = {}
    async with Visitor(server.port) as visitor:
        for page, asked in PAGES.items():
            await visitor.open(ADDRESSES.get(page, page), asked)
        await asyncio.sleep(_STARTED_AFTER_SECONDS)
        for page in PAGES:
            for _ in range(_WARM_UPS):
                await seconds(visitor, page)
            warm = [await seconds(visitor, page) for _ in range(3 * bench.scale.repeats)]
            changed = []
            for number in range(bench.scale.repeats):
                change(folder, bench, number)
                await asyncio.sleep(SEEN_AFTER_SECONDS)
                changed.append(await seconds(visitor, page))
            found[page] = timing.Sample.of(warm), timing.Sample.of(changed)
    return found


async def seconds(visitor: Visitor, page: str) -> float:
    visit = await visitor.open(ADDRESSES.get(page, page), PAGES[page])
    if visit.errors:
        message = f"{page} shows {visit.errors[:3]}"
        raise RuntimeError(message)
    return visit.seconds


def change(folder: Path, bench: Bench, number: int) -> None:
    """Move production of a generated key, as a colleague's program would."""
    key = generated.keys(bench.scale.n_versions)[-1]
    version = f"{generated.FIRST_DAY:%Y%m}{1 + number % 2:02d}"
    with fixtures.registry(folder) as opened:
        rows_registry.move(opened, key, version)
