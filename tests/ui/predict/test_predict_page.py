import gzip
import json
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from ensemble_desk.ensemble.members import ratios
from ensemble_desk.forecasting import outcomes, production, replay
from ensemble_desk.market import features
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.preflight import steps as preflight
from ensemble_desk.sources.sample import SampleSource

KEY = Key("AAPL", "d1")
FIRST, MIDDLE, NEWEST = "20020830", "20020930", "20021031"


def csv_of(frame):
    return frame.reset_index().to_csv(index=False).encode()


@pytest.fixture(scope="module")
def bars():
    return SampleSource().bars(KEY).frame.loc["2008":"2012"]


@pytest.fixture
def upload(folder, open_app):
    """Opens the page for uploads and gives it a file."""

    def given(content, name="aapl.csv", **query):
        app = open_app("predict", **{"key": str(KEY), "bars": "Upload", **query})
        assert not app.metric
        app.file_uploader(key="upload").upload(name, content).run()
        assert not app.exception
        return app

    return given


def metrics(app):
    return {metric.label: metric.value for metric in app.metric}


def table(app, column):
    """The table on the page that has this column."""
    return next(frame.value for frame in app.dataframe if column in frame.value)


def problem(app):
    return app.error[0].value.replace("\\", "")


def test_production_speaks_about_the_newest_bar(folder, open_app, texts):
    app = open_app("predict", key=str(KEY))
    assert not app.exception
    shown = metrics(app)
    assert shown["As of"] == "2013-03-01"
    assert any(word in shown["Label"] for word in ("Bullish", "Neutral", "Bearish"))
    assert "bundled sample, to 2013-03-01" in texts(app)
    assert "Out of sample" in texts(app)
    assert len(app.get("plotly_chart")) == 1
    assert "The log holds no forecast at these bars" in texts(app)


def test_the_numbers_hold_every_member(folder, open_app):
    frame = table(open_app("predict", key=str(KEY), part="Numbers"), "Basis")
    assert (frame["Basis"] == "trained").sum() >= 3
    assert frame[["Bearish", "Neutral", "Bullish"]].sum(axis=1).to_numpy() == pytest.approx(100, abs=0.01)


def test_a_bar_the_version_has_seen_is_marked(folder, open_app, texts):
    app = open_app("predict", key=str(KEY), as_of="2002-10-15")
    assert not app.exception
    assert "In sample" in texts(app)
    assert metrics(app)["As of"] == "2002-10-15"


def test_earlier_forecasts_stand_below_the_candles(folder, open_app, registry, texts):
    replay.run(registry, KEY)
    production.forecast(registry, KEY)
    outcomes.mature(registry, [KEY])
    app = open_app("predict", key=str(KEY))
    assert not app.exception
    assert "Below the candles" in texts(app)
    assert "Replay: made afterwards" in texts(app)
    strip = next(
        trace for trace in json.loads(app.get("plotly_chart")[0].proto.spec)["data"] if trace.get("mode") == "markers"
    )
    assert set(strip["y"]) == {"Live", "Replay"}, strip["y"]
    symbols = strip["marker"]["symbol"]
    assert sum(symbol.endswith("-open-dot") for symbol in symbols) == 1  # the newest bar's, live and still open
    assert any(symbol.endswith("-open") for symbol in symbols)


def test_features_that_speak_for_the_label_are_shown_and_price_members_have_none(folder, open_app, texts):
    app = open_app("predict", key=str(KEY), part="Reasons", as_of="2002-11-15")
    assert not app.exception
    assert "What speaks for" in texts(app)
    assert "has no attribution: it reads the course of prices" in texts(app)
    every = table(app, "Bullish (points)")
    assert sorted(every["Feature"]) == sorted([*features.FEATURE_NAMES, *ratios.RATIOS])
    points = every[[name for name in every.columns if "points" in name]].to_numpy()
    assert points.sum(axis=1) == pytest.approx(0, abs=0.01)
    assert "Outside the training range" in texts(app)


def test_features_outside_the_training_range_are_listed(folder, open_app):
    app = open_app("predict", key=str(KEY), part="Reasons")
    assert not app.exception
    assert len(table(app, "Lowest learnt")) >= 1  # prices of 2013 through a version that knows 2002


def test_horizons_and_timeframes_are_told_with_what_is_missing(folder, open_app, texts):
    app = open_app("predict", key=str(KEY), part="Horizons")
    assert not app.exception
    assert "Consensus over 3 horizons" in texts(app)
    found = table(app, "Timeframe")
    assert list(found["Timeframe"]) == ["m15", "h1", "h4", "d1", "w1"]
    assert found["Says"].str.contains("it has no version").sum() == 4
    assert "No consensus: one timeframe speaks" in texts(app)


def test_two_versions_stand_side_by_side_on_the_same_bars(folder, open_app, texts):
    app = open_app("predict", key=str(KEY), against=FIRST, part="Votes")
    assert not app.exception
    shown = metrics(app)
    assert shown["Version beside"] == FIRST
    assert {"Label", "Label beside", "Confidence beside", "Agreement beside"} <= set(shown)
    found = table(app, "Bearish")
    assert found["Who"].iloc[0] == "ensemble"
    assert {"rf", "pooled_logit"} <= set(found["Who"])
    assert found[["Bearish", "Neutral", "Bullish"]].sum(axis=1).to_numpy() == pytest.approx(0, abs=1e-6)
    alone = metrics(open_app("predict", key=str(KEY), version=FIRST))
    assert alone["Confidence"] == shown["Confidence beside"]


def test_a_second_version_that_cannot_answer_leaves_the_first_alone(folder, open_app, bars):
    foreign = RandomForestClassifier(5, max_depth=2, random_state=1)
    foreign.fit(pd.DataFrame({"alpha": np.arange(30.0)}), np.repeat(["BEARISH", "NEUTRAL", "BULLISH"], 10))
    artifact = {"symbol": "AAPL", "timeframe": "d1", "timestamp": "20010101", "models": {"rf": foreign}}
    artifact |= {"weights": {"rf": 1.0}, "ensemble_accuracy": 0.4, "performances": {}, "model_predictions_sample": {}}
    (folder / "AAPL_d1_20010101.pkl").write_bytes(pickle.dumps(artifact))
    app = open_app("predict", key=str(KEY), against="20010101")
    assert not app.exception
    assert "alpha" in problem(app)
    assert metrics(app)["As of"] == "2013-03-01"
    assert "Version beside" not in metrics(app)
    assert len(app.get("plotly_chart")) == 1


def test_an_upload_of_the_same_bars_says_the_same(folder, open_app, upload):
    asked = open_app("predict", key=str(KEY), as_of="2012-12-31", part="Numbers")
    whole = SampleSource().bars(KEY).frame.loc[:"2012"]
    app = upload(csv_of(whole), part="Numbers")
    assert not app.error
    assert f"Recognised {len(whole):,} bars" in app.expander[0].label
    told = [table(one, "Basis").drop(columns="Who") for one in (asked, app)]
    assert told[0].equals(told[1])


def test_what_was_recognised_is_a_table_with_rows_left_out(upload, bars):
    text = bars.tail(300).rename(columns=str.title).assign(Remark="x").reset_index(names="Date").to_csv(index=False)
    lines = text.splitlines()
    lines[5] = f"{lines[5].split(',')[0]},,,,,,"
    app = upload(gzip.compress("\n".join(lines).encode()), "aapl.csv.gz")
    assert not app.error
    assert "1 row left out" in app.expander[0].label
    told = dict(table(app, "Ours").to_numpy().tolist())
    assert told["close"] == "Close"
    assert told["columns left out"] == "Remark"
    assert told["rows left out"].startswith("1: no prices (line 6")
    assert "d1" in told["timeframe"]


def test_a_file_of_several_tickers_asks_which(upload, bars, texts):
    recent = bars.tail(200)
    both = pd.concat([recent.assign(ticker="AAPL"), (recent * 2).assign(ticker="IBM")])
    app = upload(csv_of(both))
    assert not app.error
    assert not app.metric
    picker = next(one for one in app.selectbox if "2 tickers" in one.label)
    picker.set_value("IBM").run()
    assert not app.exception
    assert metrics(app)["As of"] == "2012-12-31"
    assert dict(table(app, "Ours").to_numpy().tolist())["ticker in the file"] == "IBM"


def test_dates_that_read_both_ways_are_asked_for(upload, bars):
    few = bars.loc["2012-03-05":"2012-03-07"]
    app = upload(csv_of(few.set_axis(few.index.strftime("%m/%d/%Y")).rename_axis("Date")))
    assert not app.error
    assert len(app.radio) == 1
    month_first = next(option for option in app.radio[0].options if option.startswith("Month first"))
    app.radio[0].set_value(month_first).run()
    assert not app.exception
    assert "2012-03-05 to 2012-03-07" in app.expander[0].label


def test_finer_bars_are_put_together_when_somebody_says_so(upload, bars):
    hours = pd.date_range("2012-01-02 14:00", periods=4_000, freq="h", tz="UTC", name="time")
    rng = np.random.default_rng(1)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, len(hours))))
    finer = pd.DataFrame({"open": close, "high": close, "low": close, "close": close, "volume": 1.0}, index=hours)
    app = upload(csv_of(finer))
    assert not app.metric
    assert "1 hour" in app.info[0].value
    app.toggle[0].set_value(True).run()
    assert not app.exception
    assert not app.error
    assert metrics(app)["As of"] == "2012-06-16"


def test_coarser_bars_are_refused_with_what_to_do(upload, bars):
    app = upload(csv_of(bars.iloc[::5].tail(100).set_axis(bars.resample("W-FRI").last().index[-100:])))
    assert "Upload d1 bars or finer ones" in problem(app)
    assert not app.toggle


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x80\x04\x95 this was never a table", "aapl.csv"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "aapl.csv"),
        (b"", "aapl.csv"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_words(upload, content, said):
    app = upload(content)
    assert said in problem(app)
    assert not app.metric


def test_wrong_rows_are_listed(upload, bars):
    broken = bars.copy()
    broken.iloc[100, broken.columns.get_loc("high")] = 0.5
    broken.iloc[200, broken.columns.get_loc("low")] = -1
    app = upload(csv_of(broken))
    assert "- line 102" in problem(app)
    assert "- line 202" in problem(app)


def test_wrong_rows_are_left_out_when_somebody_says_so(upload, bars):
    broken = bars.copy()
    broken.iloc[200, broken.columns.get_loc("close")] = np.nan
    app = upload(csv_of(broken))
    assert "- line 202: close is missing" in problem(app)
    assert not app.metric
    assert app.toggle[0].label == "Leave out this row and go on with the others"
    app.toggle[0].set_value(True).run()
    assert not app.exception
    assert not app.error
    assert metrics(app)["As of"] == "2012-12-31"
    facts = table(app, "Ours").set_index("Ours")["In the file"]
    assert facts["rows left out"] == "1: no bar, left out as asked (line 202)"


def test_a_good_file_after_a_bad_one_is_read(upload, bars):
    app = upload(b"\x80\x04\x95 this was never a table")
    app.file_uploader(key="upload").set_value(("good.csv", csv_of(bars), "text/csv")).run()
    assert not app.exception
    assert not app.error
    assert metrics(app)["As of"] == "2012-12-31"


def test_sessions_without_a_bar_are_listed_on_demand(upload, bars, texts):
    app = upload(csv_of(bars.drop(bars.index[-5])))
    app.toggle(key="sessions").set_value(True).run()
    assert not app.exception
    assert "Sessions of XNYS without a bar: 2012-12-24" in texts(app)


def test_bars_of_the_future_are_refused(upload, bars):
    moved = bars.tail(300).set_axis(pd.bdate_range("2125-01-01", periods=300, tz="UTC", name="time"))
    assert "has not come yet" in problem(upload(csv_of(moved)))


def test_ready_features_are_enough(upload, bars, texts):
    app = upload(csv_of(features.compute(bars)), "features.csv", part="Votes")
    assert not app.error
    assert "ready features" in app.info[0].value
    assert "abstained" in texts(app)
    assert "In sample" not in texts(app)


def test_a_batch_is_made_when_asked_for_and_can_be_downloaded(folder, open_app, texts):
    app = open_app("predict", key=str(KEY), part="Batch")
    assert not app.get("download_button")
    app.number_input(key="batch_rows").set_value(20)
    app.button(key="batch_submit").click().run()
    assert not app.exception
    assert "20 rows" in texts(app)
    found = table(app, "Agreement")
    assert len(found) == 20
    assert found["Time"].iloc[0] == pd.Timestamp("2013-03-01", tz="UTC")
    assert len(app.get("download_button")) == 2
    app.run()  # out of the cache
    assert not app.exception
    assert len(table(app, "Agreement")) == 20
    app.checkbox(key="batch_all").set_value(True)
    app.button(key="batch_submit").click().run()
    assert not app.exception
    assert "in sample" in texts(app)
    assert len(table(app, "Agreement")) == 500


def test_any_version_can_be_asked(folder, open_app, texts):
    app = open_app("predict", key=str(KEY), version=FIRST)
    assert not app.exception
    assert f"version {FIRST}" in texts(app)


def test_a_tampered_version_cannot_be_asked(folder, open_app, registry):
    (folder / f"AAPL_d1_{FIRST}.pkl").write_bytes(b"tampered")
    preflight.run(registry, KEY, FIRST)
    app = open_app("predict", key=str(KEY), version=FIRST)
    assert not app.exception
    assert FIRST not in app.selectbox(key="version").options
    assert FIRST not in app.selectbox(key="against").options


def test_unknown_columns_are_mapped_once_and_the_next_file_asks_nothing(upload, bars):
    renamed = bars.tail(300).rename(columns=dict(zip(bars, ("P1", "P2", "P3", "P4", "Pieces"), strict=True)))
    content = csv_of(renamed.rename_axis("when"))
    app = upload(content)
    assert not app.metric
    assert "Which column is which?" in app.info[0].value
    assert {box.label: box.value for box in app.selectbox}["Close"] == "P4"
    next(button for button in app.button if button.label == "Read it so").click().run()
    assert not app.exception
    assert not app.error
    assert metrics(app)["As of"] == "2012-12-31"
    next(button for button in app.button if button.label == "Keep").click().run()
    assert "Kept" in app.success[0].value
    again = upload(csv_of(renamed.rename_axis("when").tail(280)), name="next.csv")
    assert not again.info
    assert metrics(again)["As of"] == "2012-12-31"


def test_what_does_not_look_right_is_told_and_mended(upload, bars):
    split = bars.tail(300).copy()
    split.loc[split.index[:-40], ["open", "high", "low", "close"]] *= 7
    app = upload(csv_of(split))
    assert any("unadjusted split of 7 to 1" in warning.value for warning in app.warning)
    next(toggle for toggle in app.toggle if toggle.label == "Adjust the older prices for it").set_value(True).run()
    assert not app.exception
    assert any("older prices divided by 7" in str(value) for value in table(app, "In the file")["In the file"])
