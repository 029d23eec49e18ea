"""The benchmarks run and compare like with like; their times are nobody's business here."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks import (
    fixtures,
    generated,
    guide,
    parity,
    report,
    results,
    rows_daily,
    rows_folder,
    rows_forecasting,
    rows_reads,
    rows_registry,
    timing,
)
from benchmarks.fixtures import Bench, Scale
from benchmarks.results import Row

from ensemble_desk.registry.entities import SyncReport
from ensemble_desk.registry.folder import sync

TINY = Scale(n_keys=2, n_versions=200, n_forecasts=60, repeats=1, n_trees=3)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("bench"), TINY)


def test_many_rows_are_compared_with_the_guide(bench):
    (row,) = rows_forecasting.many_rows(bench)
    assert row.ours
    assert row.theirs
    assert "500 rows" in row.same


def test_a_folder_of_generated_versions_is_a_sound_registry(bench):
    folder = rows_registry.desk(bench, TINY.n_versions)
    listed = guide.Loader(folder).list_available_models()
    assert {len(names) for names in listed.values()} == {generated.N_PER_KEY}
    with fixtures.registry(folder) as desk:
        assert sync.synchronise(desk) == SyncReport()
        before = desk.database.changes()
        fixtures.write(desk)
        assert desk.database.changes() != before


def test_a_log_with_nothing_new_is_looked_at_in_both_sizes(bench):
    rows = rows_reads.nothing_new(Bench(bench.folder, replace(TINY, n_forecasts=1_000)))
    assert [row.unit for row in rows] == ["×", "×"]
    assert "650 rows" in rows[0].what
    (row,) = rows_reads.new_outcomes(Bench(bench.folder, replace(TINY, n_forecasts=1_000)))
    assert row.same == "same verdicts as from the whole log"
    (row,) = rows_reads.one_new_bar(bench)
    assert "2,000 bars" in row.what


def test_a_day_of_many_keys_imports_and_forecasts_each(bench):
    (row,) = rows_daily.every_key(bench)
    assert "each of 2 keys" in row.what
    (row,) = rows_daily.bulk_import(bench)
    assert "each of 2 keys" in row.what


def test_a_folder_is_taken_in_and_verified_the_same_in_both_ways(bench):
    (row,) = rows_folder.first_sync(bench)
    assert row.same == "same 2 versions"
    (row,) = rows_folder.verify(bench)
    assert row.same == "nothing found"


def test_results_that_differ_stop_a_benchmark():
    one, other = np.array([[0.5, 0.3, 0.2]]), np.array([[0.5, 0.3, 0.2 + 1e-9]])
    assert "equal" in parity.probabilities(one, one)
    with pytest.raises(parity.DifferentResultsError):
        parity.probabilities(one, other)
    with pytest.raises(parity.DifferentResultsError):
        parity.equal([1], [2], "versions")


def test_a_row_says_whether_its_target_was_reached():
    fast, slow = timing.Sample((0.001,)), timing.Sample((0.1,))
    assert results.faster("a", "b", fast, slow, target=100, same="").reached
    assert not results.faster("a", "b", fast, slow, target=101, same="").reached
    assert results.no_slower("a", "b", fast, slow, target=1.6, same="").reached
    assert results.within("a", slow, target=0.05).reached is False
    assert results.within("a", slow, target=None).reached is None
    assert "NOT reached" in report.line(Row("a", "b", 2.0, "×", "at least", 3.0))
