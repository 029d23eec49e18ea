"""Asking versions: uploads, reasons, earlier forecasts, other timeframes and many rows at once."""

import io
import shutil
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.errors import (
    AmbiguousDatesError,
    InvalidBarsError,
    OtherTimeframeError,
    SeveralTickersError,
    UploadError,
)
from ensemble_desk.forecasting import (
    batches,
    consensus,
    explaining,
    multi_horizon,
    outcomes,
    past_forecasts,
    production,
    replay,
    uploads,
)
from ensemble_desk.forecasting.consensus import Consensus, View
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.market import features
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.serving import ensembles as serving
from ensemble_desk.settings import Settings
from ensemble_desk.sources import database as stored
from ensemble_desk.sources.sample import SampleSource
from ensemble_desk.sources.upload.answers import Answers

KEY = Key("AAPL", "d1")
VERSION = "20120629"
NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(trained_folder, tmp_path_factory):
    copied = tmp_path_factory.mktemp("asking") / "models"
    shutil.copytree(trained_folder, copied)
    return copied


@pytest.fixture(scope="module")
def desk(folder):
    with opening.open_registry(Settings(models_url=str(folder), database_url="")) as opened:
        yield opened


@pytest.fixture(scope="module")
def bars():
    return SampleSource().bars(KEY).frame


def read(desk, content, *, file_name="bars.csv", version=VERSION, **answers):
    return uploads.read(desk, KEY, version, content, file_name=file_name, answers=Answers(**answers), now=NOW)


def csv(frame):
    return frame.to_csv().encode()


def test_the_same_bars_through_upload_database_and_sample_give_the_same_forecast_to_the_bit(desk, folder, bars):
    buffer = io.BytesIO()
    bars.to_parquet(buffer)
    kept = Settings(models_url=str(folder), database_url="", bars_source="database")
    with opening.open_registry(kept) as other:
        stored.import_bars(other.database, KEY, SampleSource().bars(KEY), at=NOW)
        frames = {
            "sample": desk.source.bars(KEY).frame,
            "database": other.source.bars(KEY).frame,
            "CSV": read(desk, csv(bars)).frame,
            "Parquet": read(desk, buffer.getvalue(), file_name="bars.parquet").frame,
        }
        told = {
            name: (
                serving.ensemble_of(desk, KEY, VERSION).predict(frame),
                multi_horizon.forecast(serving.ensemble_of(other, KEY, VERSION), KEY, frame),
            )
            for name, frame in frames.items()
        }
    assert all(result == told["sample"] for result in told.values())


def test_the_database_source_shares_the_registrys_connection(folder):
    kept = Settings(models_url=str(folder), database_url="", bars_source="database")
    with opening.open_registry(kept) as registry:
        assert registry.source._opened() is registry.database


def test_a_table_with_every_feature_is_taken_as_features_and_bars_as_bars(desk, bars):
    ready = read(desk, csv(features.compute(bars)))
    assert ready.recognised is None
    assert set(features.FEATURE_NAMES) <= set(ready.frame.columns)
    found = read(desk, csv(bars))
    assert len(found.recognised.bars) == len(bars)
    with pytest.raises(UploadError):
        read(desk, csv(features.compute(bars)[["return_1", "rsi_14"]]))


def test_questions_are_errors_that_an_answer_settles(desk, bars):
    frame = bars.loc["2012-03-05":"2012-03-07"].reset_index()
    unclear = frame.assign(time=frame["time"].dt.strftime("%m/%d/%Y")).to_csv(index=False).encode()
    with pytest.raises(AmbiguousDatesError):
        read(desk, unclear)
    assert read(desk, unclear, day_first=False).frame.index[0] == frame["time"].iloc[0]
    two = pd.concat([frame.assign(ticker="AAPL"), frame.assign(ticker="IBM")])
    with pytest.raises(SeveralTickersError):
        read(desk, two.to_csv(index=False).encode())
    assert read(desk, two.to_csv(index=False).encode(), ticker="IBM").recognised.ticker == "IBM"
    hours = pd.date_range("2012-01-02 14:00", periods=60, freq="h", tz="UTC", name="time")
    finer = bars.tail(60).set_index(hours)
    with pytest.raises(OtherTimeframeError):
        read(desk, csv(finer))
    assert 2 <= len(read(desk, csv(finer), resample=True).frame) <= 4


def test_bars_of_the_future_are_refused(desk, bars):
    moved = bars.tail(300).set_axis(bars.index[-300:] + timedelta(days=5_000)).rename_axis("time")
    with pytest.raises((UploadError, InvalidBarsError), match="has not come yet"):
        read(desk, csv(moved))


def test_features_outside_the_training_range_are_told_with_their_range(desk, bars):
    quiet = explaining.explain(desk, KEY, VERSION, bars.loc[:"2011"], weights_used={"rf": 0.5, "pooled_logit": 0.5})
    assert quiet.outside == ()
    assert quiet.n_ranged == len(features.FEATURE_NAMES)
    wild = bars.copy()
    wild.iloc[-1, :4] *= [3, 3.2, 2.8, 3]
    found = explaining.explain(desk, KEY, VERSION, wild, weights_used={"rf": 0.5, "pooled_logit": 0.5})
    one = next(outside for outside in found.outside if outside.feature == "return_1")
    assert one.value > one.high > one.low
    told = versions.manifest(desk, KEY, VERSION)["reference_histograms"]["return_1"]
    assert (one.low, one.high) == (told["min"], told["max"])


def test_a_value_at_the_border_is_inside_and_unknown_ranges_say_nothing():
    assert explaining.outside({"a": 1.0, "b": 9.0}, {"a": (0.0, 1.0)}) == ()
    assert explaining.outside({"a": np.nan}, {"a": (0.0, 1.0)})[0].feature == "a"


def test_a_plain_artifact_tells_no_range(desk):
    assert explaining._ranges(None) == {}
    assert explaining._ranges({"a": {"min": "low", "max": 2}, "b": 3, "c": {"min": 0, "max": 1}}) == {"c": (0.0, 1.0)}


def test_earlier_forecasts_come_with_kind_and_outcome(desk, bars):
    replay.run(desk, KEY)
    production.forecast(desk, KEY)
    outcomes.mature(desk, [KEY])
    found = past_forecasts.read(desk.database, KEY, horizon="1D", first=bars.index[-40], last=bars.index[-1])
    assert [one.as_of for one in found] == sorted(one.as_of for one in found)
    live = [one for one in found if one.kind is Kind.LIVE]
    assert [(one.as_of, one.outcome, one.came_true) for one in live] == [(bars.index[-1], None, None)]
    replayed = [one for one in found if one.kind is Kind.REPLAY]
    assert len(replayed) == 39
    assert all(one.came_true == (one.label == one.outcome) for one in replayed)
    assert {one.came_true for one in replayed} == {True, False}
    assert (
        past_forecasts.read(desk.database, Key("IBM", "d1"), horizon="1D", first=bars.index[0], last=bars.index[-1])
        == ()
    )
    weekly = past_forecasts.read(desk.database, KEY, horizon="1W", first=bars.index[-40], last=bars.index[-1])
    assert {one.basis for one in weekly} == {"derived"}


def test_every_timeframe_is_asked_and_one_without_a_version_says_so(desk, bars):
    found = consensus.views(desk, "AAPL")
    assert [view.key.timeframe for view in found] == ["m15", "h1", "h4", "d1", "w1"]
    assert [view.version for view in found] == [None, None, None, "20121231", "20121228"]
    assert all("no version" in view.problem for view in found[:3])
    assert [view.in_sample for view in found[3:]] == [False, False]
    ensemble = serving.ensemble_of(desk, KEY, "20121231")
    assert found[3].result == ensemble.predict(bars.iloc[-ensemble.lookback_bars() :])
    early = consensus.views(desk, "AAPL", until=datetime(2012, 6, 1, tzinfo=UTC))
    assert early[3].result["as_of"] == pd.Timestamp("2012-06-01", tz="UTC")
    assert early[3].in_sample
    none = consensus.views(desk, "AAPL", until=datetime(1999, 6, 1, tzinfo=UTC))
    assert all(view.result is None and view.problem for view in none)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([], Consensus(None, None, 0)),
        (["BULLISH"], Consensus(None, None, 1)),
        (["BULLISH", "BULLISH"], Consensus("BULLISH", 1.0, 2)),
        (["BULLISH", "BEARISH"], Consensus(None, 0.5, 2)),
        (["BULLISH", "BULLISH", "NEUTRAL"], Consensus("BULLISH", 2 / 3, 3)),
    ],
)
def test_a_consensus_takes_more_than_half_and_more_than_one(labels, expected):
    silent = View(KEY, problem="it has no version")
    assert consensus.of([silent, *(View(KEY, "1", {"label": label}) for label in labels)]) == expected


def test_a_batch_is_what_single_forecasts_say_stamped_with_version_and_digest(desk, bars):
    steps = []
    table = batches.forecast(
        desk, KEY, VERSION, bars, last=5, progress=lambda name, number, n: steps.append((name, number, n))
    )
    assert list(table.index) == list(bars.index[-5:])
    assert [step[1:] for step in steps] == [(1, 3), (2, 3), (3, 3)]
    one = serving.ensemble_of(desk, KEY, VERSION).predict(bars.iloc[:-2])
    row = table.iloc[-3]
    assert row["label"] == one["label"]
    assert row["confidence"] == pytest.approx(one["confidence"], rel=1e-12)
    record = versions.get(desk, KEY, VERSION)
    assert set(table["sha256"]) == {record.sha256}
    assert set(table["version"]) == {VERSION}
    assert not table["in_sample"].any()
    whole = batches.forecast(desk, KEY, VERSION, bars)
    assert len(whole) == len(bars) - features.WARM_UP_BARS
    pd.testing.assert_frame_equal(whole.tail(5), table)
    assert whole["in_sample"].sum() == (whole.index <= pd.Timestamp(record.last_bar)).sum() > 0


def test_a_batch_survives_both_downloads(desk, bars):
    table = batches.forecast(desk, KEY, VERSION, bars, last=20)
    again = pd.read_parquet(io.BytesIO(batches.to_parquet(table)))
    pd.testing.assert_frame_equal(again, table, check_freq=False)
    text = pd.read_csv(io.BytesIO(batches.to_csv(table)), parse_dates=["time"], index_col="time")
    assert text["confidence"].to_numpy() == pytest.approx(table["confidence"].to_numpy(), rel=1e-15)
    assert list(text.index) == list(table.index)


def test_a_batch_of_ready_features_needs_no_times(desk, bars):
    ready = features.compute(bars).tail(7).reset_index(drop=True)
    table = batches.forecast(desk, KEY, VERSION, ready)
    assert len(table) == 7
    assert table["label"].notna().all()
    assert table["in_sample"].isna().all()
