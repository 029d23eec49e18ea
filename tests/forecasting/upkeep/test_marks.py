"""Marks of the last look: what they leave unread changes nothing, and nothing that changes is left unread."""

from datetime import UTC

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import delete, select, text
from tests.forecast_bench import KEY, certain, opened, walk

from ensemble_desk.database.tables.registry_tables import forecasts
from ensemble_desk.database.tables.registry_tables import outcome_marks as marks
from ensemble_desk.database.tables.registry_tables import outcomes as table
from ensemble_desk.forecasting import outcomes
from ensemble_desk.market.labels import LabelSpec

FRAME = walk(400)


def rows(bench):
    """Every outcome with what it is of, but for its numbers and when it was written."""
    told = [one for one in table.c if one.name not in ("id", "forecast_id", "created_at")]
    said = (forecasts.c.version, forecasts.c.as_of, forecasts.c.horizon)
    wanted = select(*said, *told).join(table, table.c.forecast_id == forecasts.c.id)
    with bench.database.reading() as connection:
        return connection.execute(wanted.order_by(*said, table.c.revision)).all()


def say(bench, first, last, generator, *, version="20200701", horizon_bars=1):
    times = list(FRAME.index[first:last])
    basis = "trained" if horizon_bars == 1 else "derived"
    said = certain(generator.integers(3, size=len(times)))
    bench.say(times, said, version=version, horizon_bars=horizon_bars, basis=basis)


def look(bench, **more):
    (report,) = outcomes.mature(bench.registry, [KEY], **more)
    assert not report.problem
    return report


@pytest.mark.parametrize("seed", range(3))
def test_small_steps_end_where_one_look_at_everything_ends_to_the_last_bit(sqlite_bench, tmp_path, seed):
    generator = np.random.default_rng(seed)
    with opened(f"sqlite:///{tmp_path / 'whole/registry.sqlite'}", tmp_path / "whole/models") as whole:
        for bench in (sqlite_bench, whole):
            bench.publish()
            bench.publish("20200702", label=None)
        at, totals = 100, np.zeros(2, int)
        for _ in range(12):
            begin, at = at, at + int(generator.integers(1, 12))
            horizon, version = int(generator.choice([1, 5, 21])), str(generator.choice(["20200701", "20200702"]))
            for bench in (sqlite_bench, whole):
                bench.prices.frames[KEY] = FRAME.iloc[:at]
                say(bench, begin, at, np.random.default_rng(at), horizon_bars=horizon, version=version)
            report = look(sqlite_bench)
            totals += (report.matured, report.void)
        expected = look(whole)
        assert (*totals.tolist(), report.pending, report.no_label) == (
            expected.matured,
            expected.void,
            expected.pending,
            expected.no_label,
        )
        assert report.pending + report.no_label > 0
        assert rows(sqlite_bench) == rows(whole)
        assert look(sqlite_bench, anew=True) == outcomes.OutcomeReport(
            KEY, pending=report.pending, no_label=report.no_label
        )


def ready(bench, *, n_bars=200):
    bench.publish()
    bench.prices.frames[KEY] = FRAME.iloc[:n_bars]
    say(bench, 100, n_bars, np.random.default_rng(0))
    return look(bench)


def test_with_nothing_new_nothing_is_read_and_nothing_written(bench, monkeypatch):
    first = ready(bench)
    before = rows(bench)
    monkeypatch.setattr(type(bench.prices), "bars", lambda *_, **__: pytest.fail("bars were read"))
    monkeypatch.setattr(type(bench.prices), "digest", lambda *_, **__: FRAME_DIGEST)
    FRAME_DIGEST = _mark(bench).bars
    assert look(bench) == outcomes.OutcomeReport(KEY, pending=first.pending)
    assert rows(bench) == before


def _mark(bench):
    with bench.database.reading() as connection:
        return connection.execute(select(marks)).one()


def test_one_new_bar_reads_the_bars_that_decide_and_no_others(bench):
    ready(bench)
    asked = []
    given = bench.prices.bars

    class Asked(type(bench.prices)):
        def bars(self, key, **more):
            asked.append(more)
            return given(key, **more)

    bench.prices.__class__ = Asked
    bench.prices.frames[KEY] = FRAME.iloc[:201]
    report = look(bench)
    assert (report.matured, report.pending) == (1, 0)
    assert [one["last"] for one in asked if "last" in one] == [1 + LabelSpec(1).sigma_window + 2]


def test_forecasts_of_old_bars_that_come_late_are_scored_too(bench):
    ready(bench)
    say(bench, 60, 90, np.random.default_rng(1))
    assert look(bench).matured == 30


@pytest.mark.parametrize("position", [120, 150])
def test_a_restated_bar_long_ago_makes_new_revisions(bench, position):
    ready(bench)
    changed = FRAME.iloc[:201].copy()
    changed.iloc[position, :4] *= 1.2
    bench.prices.frames[KEY] = changed
    report = look(bench)
    assert report.matured == 1
    assert report.restated >= 2


def test_a_bar_put_between_others_is_noticed(bench):
    bench.publish()
    lacking = FRAME.iloc[:200].drop(FRAME.index[150])
    bench.prices.frames[KEY] = lacking
    say(bench, 100, 149, np.random.default_rng(0))
    look(bench)
    bench.prices.frames[KEY] = FRAME.iloc[:200]
    say(bench, 149, 150, np.random.default_rng(1))
    report = look(bench)
    assert (report.matured, report.restated) == (1, 0)
    assert rows(bench)[-1].target_at == FRAME.index[150].to_pydatetime().astimezone(UTC)


def test_a_lost_mark_and_one_that_is_ahead_of_the_log_count_for_nothing(bench):
    first = ready(bench)
    with bench.database.writing() as connection:
        connection.execute(delete(marks))
    assert look(bench) == outcomes.OutcomeReport(KEY, pending=first.pending)
    with bench.database.writing() as connection:
        newest = connection.execute(text("SELECT max(id) FROM outcomes")).scalar_one()
        connection.execute(delete(table).where(table.c.id == newest))
    assert look(bench).matured == 1
    with bench.database.writing() as connection:
        connection.execute(text("UPDATE outcome_marks SET forecast_id = forecast_id + 1000, pending = 77"))
    assert look(bench) == outcomes.OutcomeReport(KEY, pending=first.pending)


def test_a_described_version_is_scored_although_no_bar_came(bench):
    bench.publish(label=None)
    bench.prices.frames[KEY] = FRAME.iloc[:200]
    say(bench, 100, 200, np.random.default_rng(0))
    assert look(bench) == look(bench) == outcomes.OutcomeReport(KEY, no_label=100)
    bench.publish("20200702")
    say(bench, 100, 110, np.random.default_rng(1), version="20200702")
    assert look(bench) == outcomes.OutcomeReport(KEY, matured=10, no_label=100)


def test_times_of_marks_are_those_of_bars(bench):
    ready(bench)
    mark = _mark(bench)
    assert pd.Timestamp(mark.last_bar) == FRAME.index[199]
    assert pd.Timestamp(mark.since) == FRAME.index[199]
    assert mark.n_forecasts == 100
