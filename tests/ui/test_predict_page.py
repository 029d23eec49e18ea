import pytest

from lib.market.keys import Key
from lib.sources.sample import SampleSource

KEY = Key("AAPL", "d1")


def csv_of(frame):
    return frame.reset_index().to_csv(index=False).encode()


@pytest.fixture(scope="module")
def bars():
    return SampleSource().bars(KEY).frame.loc["2008":"2012"]


def test_production_speaks_about_the_newest_bar(folder, open_app, texts):
    app = open_app("predict", key=str(KEY))
    assert not app.exception
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["As of"] == "2013-03-01"
    assert any(word in shown["Label"] for word in ("Bullish", "Neutral", "Bearish"))
    assert "bundled sample, to 2013-03-01" in texts(app)
    assert "Out of sample" in texts(app)
    assert len(app.get("plotly_chart")) == 3
    table = app.dataframe[0].value
    told = set(table["Horizon"])
    assert all(name in told or f"**{name}** " in texts(app) for name in ("1D", "1W", "1M"))
    assert (table["Basis"] == "trained").sum() >= 3
    assert table[["BEARISH", "NEUTRAL", "BULLISH"]].sum(axis=1).to_numpy() == pytest.approx(100, abs=0.01)


def test_a_bar_the_version_has_seen_is_marked(folder, open_app, texts):
    app = open_app("predict", key=str(KEY), as_of="2002-10-15")
    assert not app.exception
    assert "In sample" in texts(app)
    assert {metric.label: metric.value for metric in app.metric}["As of"] == "2002-10-15"


def test_an_upload_of_the_same_bars_says_the_same(folder, open_app, bars, texts):
    asked = open_app("predict", key=str(KEY), as_of="2012-12-31")
    app = open_app("predict", key=str(KEY), bars="Upload")
    assert not app.metric
    whole = SampleSource().bars(KEY).frame.loc[:"2012"]
    app.file_uploader(key="upload").upload("aapl.csv", csv_of(whole)).run()
    assert not app.exception
    assert not app.error
    assert f"Understood {len(whole):,} bars" in texts(app)
    told = [frame.value.drop(columns="Who") for frame in (asked.dataframe[0], app.dataframe[0])]
    assert told[0].equals(told[1])


def test_a_file_that_is_no_table_is_refused_in_words(folder, open_app, texts):
    app = open_app("predict", key=str(KEY), bars="Upload")
    app.file_uploader(key="upload").upload("aapl.csv", b"\x80\x04\x95 this was never a table").run()
    assert not app.exception
    assert app.error
    assert "aapl.csv" in app.error[0].value.replace("\\", "")


def test_wrong_rows_are_listed(folder, open_app, bars):
    broken = bars.copy()
    broken.iloc[100, broken.columns.get_loc("high")] = 0.5
    app = open_app("predict", key=str(KEY), bars="Upload")
    app.file_uploader(key="upload").upload("aapl.csv", csv_of(broken)).run()
    assert not app.exception
    assert "high" in app.error[0].value


def test_ready_features_are_enough(folder, open_app, bars, texts):
    from lib.market import features

    app = open_app("predict", key=str(KEY), bars="Upload")
    app.segmented_control(key="upload_kind").set_value("Ready features").run()
    ready = features.compute(bars)
    app.file_uploader(key="upload").upload("features.csv", csv_of(ready)).run()
    assert not app.exception
    assert not app.error
    assert "abstained" in texts(app)
    assert "No candles: this upload holds features" in texts(app)


def test_any_version_can_be_asked(folder, open_app, texts):
    app = open_app("predict", key=str(KEY), version="20020830")
    assert not app.exception
    assert "version 20020830" in texts(app)


def test_a_tampered_version_cannot_be_asked(folder, open_app, registry, texts):
    from lib.registry import preflight

    (folder / "AAPL_d1_20020830.pkl").write_bytes(b"tampered")
    preflight.run(registry, KEY, "20020830")
    app = open_app("predict", key=str(KEY), version="20020830")
    assert not app.exception
    assert "20020830" not in app.selectbox(key="version").options
