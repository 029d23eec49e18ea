"""Everything that is measured, in order: ``python -m benchmarks.run [--only NAME] [--quick]``."""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from benchmarks import (
    large_files,
    load,
    pages,
    report,
    rows_daily,
    rows_folder,
    rows_forecasting,
    rows_loading,
    rows_reads,
    rows_registry,
    rows_training,
    upload,
)
from benchmarks.fixtures import QUICK, Bench, Scale
from benchmarks.results import Row

MEASURED: dict[str, Callable[[Bench], list[Row]]] = {
    "info": rows_loading.info,
    "safe-load": rows_loading.safe_load,
    "one-row": rows_forecasting.one_row,
    "many-rows": rows_forecasting.many_rows,
    "first-forecast": rows_loading.first_forecast,
    "cold-process": rows_loading.cold_process,
    "thousand-keys": rows_forecasting.thousand_keys,
    "replay": rows_forecasting.replay_of_two,
    "listing": rows_registry.listing,
    "pointer-read": rows_registry.pointer_read,
    "pointer-move": rows_registry.pointer_move,
    "growth": rows_registry.growth,
    "nothing-new": rows_reads.nothing_new,
    "new-outcomes": rows_reads.new_outcomes,
    "one-new-bar": rows_reads.one_new_bar,
    "every-key": rows_daily.every_key,
    "bulk-import": rows_daily.bulk_import,
    "sync": rows_registry.unchanged_folder,
    "first-sync": rows_folder.first_sync,
    "verify": rows_folder.verify,
    "training": rows_training.demo_set,
    "upload": upload.upload,
    "large-file": large_files.large_file,
    "pages": pages.pages,
    "load": load.load,
    "soak": load.soak,
}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--only", choices=sorted(MEASURED), help="measure one subject and leave RESULTS.md as it is")
    asked.add_argument("--quick", action="store_true", help="small sizes: shows that it runs, its figures mean nothing")
    asked.add_argument("--keep", type=Path, help="keep fixtures in this folder and find them there the next time")
    chosen = asked.parse_args()
    names = [chosen.only] if chosen.only else list(MEASURED)
    with tempfile.TemporaryDirectory(prefix="desk-bench-") as folder:
        bench = Bench((chosen.keep or Path(folder)).absolute(), QUICK if chosen.quick else Scale())
        began = time.perf_counter()
        if not chosen.only:
            prepare(bench)
        rows = [row for name in names for row in measure(name, bench)]
    if not chosen.only and not chosen.quick:
        report.write(rows, bench.scale, seconds=time.perf_counter() - began)


def prepare(bench: Bench) -> None:
    """Make the two large fixtures at once, each on a core of its own, before anything is measured."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        for made in [pool.submit(bench.models), pool.submit(rows_registry.prepare, bench)]:
            made.result()


def measure(name: str, bench: Bench) -> list[Row]:
    """Measure one subject and print its lines."""
    began = time.perf_counter()
    rows = [replace(row, subject=name) for row in MEASURED[name](bench)]
    for row in rows:
        print(report.line(row), flush=True)
    print(f"    {name}: {time.perf_counter() - began:.0f} s", flush=True)
    return rows


if __name__ == "__main__":
    main()
