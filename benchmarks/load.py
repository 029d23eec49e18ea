"""Fifty people at once, and a server that is used for long: clicks over the real protocol, times, errors and memory."""

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import pages, results, timing
from benchmarks.fixtures import Bench
from benchmarks.pages import ADDRESSES, PAGES
from benchmarks.results import Row
from benchmarks.server import Server, Visit, Visitor, serving

KEYS = ("AAPL%2Fd1", "GOOG%2Fd1", "IBM%2Fd1", "MSFT%2Fd1", "%5EGSPC%2Fd1")
THINK_SECONDS = 10.0
MOST_SECONDS = 1.0
N_SOAKING = 6
MOST_GROWTH_PERCENT = 5.0
CHANGE_EVERY_SECONDS = 5.0


def load(bench: Bench) -> list[Row]:
    """Each session clicks through the pages every ten seconds on average; pages also rerun parts by themselves.

    One visitor has opened every page before; nothing else is left out of the times.
    """
    with serving(pages.desk(bench)) as server:
        visits = asyncio.run(_crowd(bench, server))
    times = timing.Sample.of(visit.seconds for visit in visits)
    who = f"{bench.scale.n_sessions} concurrent sessions, {bench.scale.load_seconds:.0f} s"
    return [
        _errors(f"errors shown to {who}", visits),
        results.within(f"rerun with {who}: p95", times, target=MOST_SECONDS, figure=_quantile(times, 0.95)),
        results.within(f"rerun with {who}: p50", times, target=None),
    ]


def soak(bench: Bench) -> list[Row]:
    """Visitors without a pause, who come and go, while production moves every five seconds; memory of the server.

    It is warm when every visitor has opened every page with every key, and it has as many sessions to keep as it will:
    Streamlit holds those whose tab was closed for two minutes, in case they come back.
    """
    folder = pages.desk(bench)
    with serving(folder) as server:
        measured, warming, soaking = asyncio.run(_soaking(bench, folder, server))
    tenth = max(1, len(measured) // 10)
    first, last = (timing.Sample.of(part).median for part in (measured[:tenth], measured[-tenth:]))
    what = f"memory after {len(soaking):,} page runs in {bench.scale.soak_seconds:.0f} s"
    against = f"the same server after its warm-up ({first / 2**20:,.0f} MiB; at the end {last / 2**20:,.0f} MiB)"
    growth = 100 * (last / first - 1)
    return [
        _errors(f"errors shown in {len(warming) + len(soaking):,} page runs while production moves", warming + soaking),
        Row(what, against, growth, "% growth", "at most", MOST_GROWTH_PERCENT),
    ]


def _errors(what: str, visits: Iterable[Visit]) -> Row:
    errors = [error for visit in visits for error in visit.errors]
    return Row(what, "", len(errors), "", "at most", 0, reason="; ".join(sorted(set(errors))[:3]))


async def _crowd(bench: Bench, server: Server) -> list[Visit]:
    async with Visitor(server.port) as first:
        for key in KEYS:
            for page in PAGES:
                await first.open(ADDRESSES.get(page, page), query(page, key))
    until = time.monotonic() + bench.scale.load_seconds
    sessions = (_person(server, number, until) for number in range(bench.scale.n_sessions))
    return [visit for visits in await asyncio.gather(*sessions) for visit in visits]


async def _person(server: Server, number: int, until: float) -> list[Visit]:
    """Come at a random moment, click through the pages in order, think in between."""
    chance = random.Random(number)  # noqa: S311 - think times are no secret
    visits: list[Visit] = []
    await asyncio.sleep(chance.uniform(0, THINK_SECONDS))
    async with Visitor(server.port) as visitor:
        step = number
        while time.monotonic() < until:
            page = list(PAGES)[step % len(PAGES)]
            visits.append(await visitor.open(ADDRESSES.get(page, page), query(page, KEYS[number % len(KEYS)])))
            pause = time.monotonic() + min(chance.expovariate(1 / THINK_SECONDS), 5 * THINK_SECONDS)
            visits += await _wait(visitor, page, min(pause, until))
            step += 1
    return visits


async def _wait(visitor: Visitor, page: str, until: float) -> list[Visit]:
    """Think, and meanwhile rerun what the page asked its browser to rerun every so often."""
    visits = []
    due = {fragment: time.monotonic() + every for fragment, every in visitor.auto_reruns.items()}
    while due and min(due.values()) < until:
        fragment = min(due, key=due.__getitem__)
        await asyncio.sleep(max(0.0, due[fragment] - time.monotonic()))
        visits.append(await visitor.open(ADDRESSES.get(page, page), fragment=fragment))
        due[fragment] = time.monotonic() + visitor.auto_reruns.get(fragment, THINK_SECONDS)
    await asyncio.sleep(max(0.0, until - time.monotonic()))
    return visits


async def _soaking(bench: Bench, folder: Path, server: Server) -> tuple[list[float], list[Visit], list[Visit]]:
    measured: list[float] = []

    async def phase(seconds: float, *, least: int) -> list[Visit]:
        measured.clear()
        until = time.monotonic() + seconds
        *visits, _, _ = await asyncio.gather(
            *(_come_and_go(server, number, until, least=least) for number in range(N_SOAKING)),
            _every(1.0, until, lambda _: measured.append(float(server.rss_bytes()))),
            _every(CHANGE_EVERY_SECONDS, until, lambda number: pages.change(folder, bench, number)),
        )
        return [visit for seen in visits for visit in seen]

    warming = await phase(bench.scale.warm_up_seconds, least=len(KEYS))
    soaking = await phase(bench.scale.soak_seconds, least=0)
    return measured, warming, soaking


async def _come_and_go(server: Server, number: int, until: float, *, least: int) -> list[Visit]:
    """Open a tab, click through all pages with one key, leave, and come back for the next key."""
    visits: list[Visit] = []
    keys = itertools.islice(itertools.cycle(KEYS), number, None)
    for n_rounds, key in enumerate(keys):
        if n_rounds >= least and time.monotonic() >= until:
            break
        async with Visitor(server.port) as visitor:
            visits += [await visitor.open(ADDRESSES.get(page, page), query(page, key)) for page in PAGES]
    return visits


async def _every(pause: float, until: float, act: Callable[[int], object]) -> None:
    number = 0
    while time.monotonic() < until:
        await asyncio.to_thread(act, number)
        number += 1
        await asyncio.sleep(pause)


def query(page: str, key: str) -> str:
    """The address of a page for one key; versions, overview and runs are of all keys."""
    return f"key={key}" if PAGES[page] else ""


def _quantile(sample: timing.Sample, share: float) -> float:
    ordered = sorted(sample.seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
