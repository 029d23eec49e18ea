"""The registry at 100,000 versions: a page of the list, the pointer read and moved, an unchanged folder."""

from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks import fixtures, generated, guide, parity, peers_mlflow, peers_sqlite, results, timing
from benchmarks.fixtures import Bench
from benchmarks.generated import ALIAS
from benchmarks.results import Row

from ensemble_desk.market.keys import Key
from ensemble_desk.registry import actors
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.entities import Action
from ensemble_desk.registry.folder import freshness, sync
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import pointers, production, writing
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import recording
from ensemble_desk.registry.moves.recording import Move, Plan, Verdict
from ensemble_desk.registry.opening import Registry

PAGE = 50
SMALL = 1_000
_BARE_PAGE = f"SELECT * FROM model_versions WHERE timeframe = 'd1' ORDER BY created_at DESC LIMIT {PAGE}"  # noqa: S608
_BARE_POINTER = "SELECT * FROM production_pointers WHERE symbol = ? AND timeframe = ?"
OPERATOR = Actor("benchmark", Role.OPERATOR)


def desk(bench: Bench, n_versions: int) -> Path:
    """A folder with nothing but generated versions."""
    return bench.piece(f"desk-{n_versions}", lambda folder: _desk(folder, n_versions))


def prepare(bench: Bench) -> None:
    """Make what these rows need, for a process that does so beside another."""
    for n_versions in (min(SMALL, bench.scale.n_versions), bench.scale.n_versions):
        desk(bench, n_versions)
    _mlflow(bench)


def _desk(folder: Path, n_versions: int) -> None:
    fixtures.registry(folder).close()
    generated.fill(folder, n_versions)


def listing(bench: Bench) -> list[Row]:
    """The first page of all keys' daily versions, newest first."""
    n = bench.scale.n_versions
    folder = desk(bench, n)
    with fixtures.registry(folder) as opened, peers_mlflow.client(_mlflow(bench)) as peer:
        by_us = partial(versions.listing, opened, timeframe="d1", limit=PAGE)
        by_guide = partial(_page_by_guide, guide.Loader(folder))
        by_mlflow = partial(
            peer.search_model_versions, "name LIKE '%_d1'", max_results=PAGE, order_by=["creation_timestamp DESC"]
        )
        found = [(peers_mlflow.name_of(row.key), row.version) for row in by_us().rows]
        same = parity.equal([version for _, version in found], [version for _, version in by_guide()], "versions")
        listed = {(name_of_file(row.source)) for row in by_mlflow()}
        same_as_peer = parity.equal(set(found), listed, "50 versions")
        works, repeats = (by_us, by_guide, by_mlflow), bench.scale.repeats
        ours, theirs, peers = timing.in_turns(*works, repeats=repeats)
        with peers_sqlite.connection(folder) as bare:
            works = *works, partial(peers_sqlite.rows, bare, _BARE_PAGE)
            anew, theirs_anew, peers_anew, floor = timing.after(
                partial(fixtures.write, opened), *works, repeats=repeats
            )
    what = f"first page of {PAGE} of {n:,} versions, filtered by timeframe, newest first"
    guides, mlflows = "the guide's listing, filtered and sorted", "MLflow's search_model_versions"
    return [
        results.faster(what, guides, ours, theirs, target=300, same=same),
        results.faster(what, mlflows, ours, peers, target=200, same=same_as_peer),
        results.faster(f"{what}, {results.ANEW}", guides, anew, theirs_anew, target=300, same=same),
        results.faster(f"{what}, {results.ANEW}", mlflows, anew, peers_anew, target=200, same=same_as_peer),
        results.no_slower(f"{what}, {results.ANEW}", peers_sqlite.WHAT, anew, floor, target=None, same=""),
    ]


def pointer_read(bench: Bench) -> list[Row]:
    """Which version of a key is in production, another key each time."""
    n = bench.scale.n_versions
    folder = desk(bench, n)
    with fixtures.registry(folder) as opened, peers_mlflow.client(_mlflow(bench)) as peer:
        ours_next, theirs_next = cycle(generated.keys(n)), cycle(generated.keys(n))

        def by_us(key: Key | None = None) -> str | None:
            return production.read(opened, key or next(ours_next)).version

        def by_mlflow(key: Key | None = None) -> Any:
            return peer.get_model_version_by_alias(peers_mlflow.name_of(key or next(theirs_next)), ALIAS)

        key = generated.keys(n)[0]
        told = name_of_file(by_mlflow(key).source)
        same = parity.equal((peers_mlflow.name_of(key), by_us(key)), told, "version")
        repeats = bench.scale.repeats
        ours, theirs = timing.in_turns(by_us, by_mlflow, repeats=repeats)
        with peers_sqlite.connection(folder) as bare:
            by_bare = partial(peers_sqlite.rows, bare, _BARE_POINTER, key.symbol, key.timeframe)
            works = by_us, by_mlflow, by_bare
            anew, again, floor = timing.after(partial(fixtures.write, opened), *works, repeats=repeats)
    what, against = f"production of one key (pointer read) at {n:,} versions", "MLflow's get-by-alias"
    return [
        results.faster(what, against, ours, theirs, target=30, same=same),
        results.faster(f"{what}, {results.ANEW}", against, anew, again, target=30, same=same),
        results.no_slower(f"{what}, {results.ANEW}", peers_sqlite.WHAT, anew, floor, target=None, same=""),
    ]


def pointer_move(bench: Bench) -> list[Row]:
    """Move production of a key to another of its versions and back, durable, with the row of history written.

    The transaction alone is compared, because MLflow checks nothing before; a whole promotion has a preflight besides.
    """
    n = bench.scale.n_versions
    key = generated.keys(n)[-1]  # of no other row
    names = [one.name for one in generated.versions(n) if one.key == key][:2]
    with fixtures.registry(desk(bench, n)) as opened, peers_mlflow.client(_mlflow(bench)) as peer:
        ours_next, theirs_next = cycle(names), cycle((1, 2))

        def by_us() -> str | None:
            return move(opened, key, next(ours_next)).to_version

        def by_mlflow() -> None:
            peer.set_registered_model_alias(peers_mlflow.name_of(key), ALIAS, next(theirs_next))

        ours, theirs = timing.in_turns(by_us, by_mlflow, repeats=bench.scale.repeats)
        move(opened, key, names[1])
        peer.set_registered_model_alias(peers_mlflow.name_of(key), ALIAS, 2)
        stands = name_of_file(peer.get_model_version_by_alias(peers_mlflow.name_of(key), ALIAS).source)
        same = parity.equal(production.read(opened, key).version, stands[1], "version in production afterwards")
    what = "move the pointer, durable, our row of history written"
    return [results.faster(what, "MLflow's set-alias", ours, theirs, target=12, same=same)]


def unchanged_folder(bench: Bench) -> list[Row]:
    """Ask whether a folder changed, against looking at all of it again."""
    n = bench.scale.n_versions
    with fixtures.registry(desk(bench, n)) as opened:
        fixtures.settle()
        report = sync.synchronise(opened)
        parity.equal(freshness.if_folder_changed(opened), None, "folder")
        same = parity.equal((report.added, report.changed, report.vanished), ((), (), ()), "finding: nothing changed")
        works: list[Callable[[], object]] = [
            lambda: freshness.if_folder_changed(opened),
            lambda: sync.synchronise(opened),
        ]
        ours, theirs = timing.in_turns(*works, repeats=bench.scale.repeats)
    what = f"sync of an unchanged folder of {n:,} artifacts"
    return [results.faster(what, "full rescan", ours, theirs, target=100, same=same)]


def growth(bench: Bench) -> list[Row]:
    """The same page and the same pointer read at 1,000 and at 100,000 versions."""
    n = bench.scale.n_versions
    small, large = desk(bench, min(SMALL, n)), desk(bench, n)
    with fixtures.registry(small) as few, fixtures.registry(large) as many:
        pages = [partial(versions.listing, opened, timeframe="d1", limit=PAGE) for opened in (few, many)]
        key = generated.keys(SMALL)[0]
        reads = [partial(production.read, opened, key) for opened in (few, many)]

        def change() -> None:
            fixtures.write(few)
            fixtures.write(many)

        page_small, page_large = timing.after(change, *pages, repeats=bench.scale.repeats)
        read_small, read_large = timing.after(change, *reads, repeats=bench.scale.repeats)
    at, against = f"at {n:,} versions, {results.ANEW}", f"the same at {SMALL:,}"
    return [
        results.no_slower(f"page of {PAGE} {at}", against, page_large, page_small, target=1.3, same=""),
        results.no_slower(f"pointer read {at}", against, read_large, read_small, target=1.3, same=""),
    ]


def name_of_file(file_name: str) -> tuple[str, str]:
    name, _, version = file_name.removesuffix(".pkl").rpartition("_")
    return name, version


def _mlflow(bench: Bench) -> Path:
    n = bench.scale.n_versions
    return bench.piece(f"mlflow-{n}", lambda folder: peers_mlflow.build(folder, n))


def _page_by_guide(loader: guide.Loader) -> list[tuple[str, str]]:
    listed = loader.list_available_models()
    daily = [(key, version) for key, names in listed.items() if key.endswith("_d1") for version in names]
    return sorted(daily, key=lambda pair: pair[1], reverse=True)[:PAGE]


def move(opened: Registry, key: Key, to: str) -> Any:
    """What a promotion does once its preflight has passed, in the same transaction with the same rows."""
    plan = Plan(version=to, mode=moves.Mode.PINNED, subject=to)
    move = Move(key, Action.PROMOTE, "promote", lambda *_: plan, OPERATOR, "measured", None, actors.TO_MOVE, asked=to)
    with writing.writing(opened) as connection:
        pointer = pointers.lock(connection, key)
        if pointer is None:
            raise KeyError(key)
        return recording.apply(connection, Verdict(move, pointer, plan), at=opened.clock())
