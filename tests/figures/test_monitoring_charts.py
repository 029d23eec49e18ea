"""Charts of live accuracy, evidence and reliability: what they show, and that little or nothing does not break them."""

from datetime import UTC, datetime

import numpy as np
import pytest

from ensemble_desk.evaluation import intervals
from ensemble_desk.figures import evidence, history, reliability, rolling
from ensemble_desk.figures.style import palette
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring.daily import BandHistory
from ensemble_desk.monitoring.drift import EvidencePath
from ensemble_desk.monitoring.evidence.bands import Band, Evidence, Policy
from ensemble_desk.monitoring.evidence.calibration import Bin
from ensemble_desk.monitoring.live import Series


def series(n, *, n_eff=None):
    times = np.datetime64("2020-01-01", "us") + np.arange(n) * np.timedelta64(1, "D")
    share = np.full(n, 0.4)
    counted = np.arange(1.0, n + 1) if n_eff is None else np.full(n, n_eff)
    return Series(times, share, share - 0.1, share + 0.1, share + 0.05, counted, 60)


def path(values):
    times = np.datetime64("2020-01-01", "us") + np.arange(len(values)) * np.timedelta64(1, "D")
    return EvidencePath(Key("AAPL", "d1"), "20200101", (), times, np.asarray(values, dtype=float), 20.0, 0.4)


def named(made):
    return {trace.name: trace for trace in made.data if trace.name}


def test_accuracy_is_grey_until_there_is_enough_of_it():
    found = named(rolling.chart(series(50), validated=0.44, majority=0.41))
    assert found["Too few to tell"].line.color == palette.MUTED
    assert np.flatnonzero(np.isfinite(found["Too few to tell"].y)).tolist() == list(range(20))
    assert np.flatnonzero(np.isfinite(found["Accuracy"].y)).tolist() == list(range(19, 50))
    assert list(found["Validated"].y) == pytest.approx([44, 44])
    assert list(found["Majority baseline"].y) == pytest.approx([41, 41])


def test_what_is_unknown_is_left_out_and_nothing_is_an_empty_chart():
    assert "Validated" not in named(rolling.chart(series(50), validated=None, majority=None))
    assert rolling.chart(series(0), validated=0.4, majority=0.4).data
    assert evidence.path(path([])).data
    assert reliability.diagram(()).data


@pytest.mark.parametrize("n", [0, 1, 999, 1_000, 1_001, 100_000])
def test_a_long_series_is_thinned_and_keeps_its_end(n):
    kept = np.arange(n)[rolling.thinned(n, most=1_000)]
    assert len(kept) <= 1_000
    assert n == 0 or kept[-1] == n - 1


def test_evidence_is_red_once_it_rang():
    assert evidence.path(path([1, 2, 3])).data[0].line.color == palette.ENSEMBLE
    rung = evidence.path(path([1, 25, 3]))
    assert rung.data[0].line.color == palette.ALARM
    assert rung.layout.yaxis.type == "log"
    assert rung.layout.shapes[0].y0 == 20


def test_the_day_of_the_change_and_of_the_alarm_are_marked_once_it_rang():
    day = datetime(2020, 1, 2, tzinfo=UTC)
    told = {one.text for one in evidence.path(path([1, 25, 3]), since=day, alarm_at=day).layout.annotations}
    assert told == {"Alarm at 20", "Alarm on 2020-01-02", "Likeliest change about 2020-01-02"}
    assert len(evidence.path(path([1, 2, 3])).layout.annotations) == 1


def test_reliability_shows_each_bin_with_its_interval():
    bins = [Bin(0.4, intervals.wilson(0.5, 40, horizon_bars=1)), Bin(0.6, intervals.wilson(0.55, 40, horizon_bars=1))]
    points = reliability.diagram(bins).data[0]
    assert list(points.x) == pytest.approx([40, 60])
    assert points.error_y.array[0] == pytest.approx(100 * (bins[0].realised.high - 0.5))


def bands(n, *, kind=Kind.REPLAY, version="1", margin=-0.1, evidence=Evidence.UNCONFIRMED, detected=False):
    days = np.datetime64("2020-01-01") + np.arange(n)
    full = np.full(n, 0.35)
    return BandHistory(
        Key("AAPL", "d1"), days, (version,) * n, (kind,) * n, full, full - 0.1, full + 0.1, np.full(n, 60),
        np.full(n, 60.0), np.full(n, 0.45), np.full(n, margin), (Band.MONITOR,) * n, (evidence,) * n, np.ones(n),
        np.full(n, detected),
    )  # fmt: skip


def test_band_history_tells_replayed_from_live_and_names_the_borders():
    made = history.chart(bands(30), policy=Policy())
    assert set(named(made)) == {"Replayed"}
    assert named(made)["Replayed"].line.dash == "dot"
    assert list(named(made)["Replayed"].y) == pytest.approx([-10] * 30)
    assert set(made.layout.yaxis.ticktext) >= {"validated", "Monitor −5", "Drift −15", "Emergency −25"}
    assert named(history.chart(bands(30, kind=Kind.LIVE), policy=Policy()))["Live"].line.dash == "solid"


def test_band_history_is_grey_on_few_outcomes_and_red_where_confirmed():
    few = named(history.chart(bands(10, evidence=Evidence.INSUFFICIENT), policy=Policy()))
    assert few["Too few to tell"].line.color == palette.MUTED
    rung = named(history.chart(bands(10, margin=-0.4, evidence=Evidence.CONFIRMED, detected=True), policy=Policy()))
    assert rung["Confirmed"].marker.color == palette.ALARM
    assert len(rung["Confirmed"].x) == 10


def test_band_history_of_nothing_or_without_a_baseline_is_an_empty_chart():
    assert not named(history.chart(bands(0), policy=Policy()))
    assert not named(history.chart(bands(5, margin=np.nan), policy=Policy()))
