import pandas as pd
import pytest

from ensemble_desk.market.keys import Key
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.folder import retention
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import rollback
from ensemble_desk.ui.frame import data
from ensemble_desk.ui.versions import comparison

KEY = Key("AAPL", "d1")


def test_the_list_names_every_version_with_its_accuracy(folder, open_app):
    rows = open_app("versions").dataframe[0].value
    assert sorted(rows["Key"]) == ["AAPL/d1", "AAPL/d1", "AAPL/d1", "IBM/w1"]
    assert [list(state) for state in rows["State"][rows["Version"] == "20021031"]] == [["in production"]]
    assert rows["Holdout accuracy"].str.contains(r"\d+ % \[\d+–\d+\], n \d+, majority \d+ %").all()


def test_filters_stand_in_the_link(folder, open_app, texts):
    app = open_app("versions", symbol="IBM", timeframe="w1", state="in production")
    assert list(app.dataframe[0].value["Version"]) == ["20081226"]
    app = open_app("versions", state="quarantined")
    assert "No version matches these filters" in texts(app)
    app.selectbox(key="state").set_value(None).run()
    assert len(app.dataframe[0].value) == 4


def test_dates_filter_by_day_both_included(folder, open_app, registry, texts):
    from ensemble_desk.registry.index import versions

    day = f"{versions.get(registry, KEY, '20021031').created_at:%Y-%m-%d}"
    assert len(open_app("versions", since=day, until=day).dataframe[0].value) >= 1
    assert "No version matches these filters" in texts(open_app("versions", until="1999-12-31"))


def test_pages_follow_one_another(folder, open_app, monkeypatch):
    from ensemble_desk.ui.frame import filters

    first = filters.VersionFilter(limit=3)
    monkeypatch.setattr(
        "ensemble_desk.ui.versions.listing.VersionFilter",
        lambda *given: filters.VersionFilter(*given, limit=first.limit),
    )
    app = open_app("versions", order="by key")
    assert len(app.dataframe[0].value) == 3
    app = open_app("versions", order="by key", page="2")
    assert list(app.dataframe[0].value["Key"]) == ["IBM/w1"]


def test_the_card_tells_everything_about_a_version(folder, open_app, texts):
    app = open_app("versions", view="One version", key=str(KEY), version="20020930")
    assert not app.exception
    told = {name: value for table in app.table for name, value in table.value.iloc[:, 0].items()}
    assert told["Label"].startswith("The log return of the close over 1 bar of 1 day, beyond ± 0.5")
    assert told["Data"].endswith("2002-09-30")
    assert told["Features"] == "24"
    assert len(told["SHA-256"].strip("`")) == 64
    assert told["Training run"] == "number 2"
    members = app.dataframe[0].value
    assert set(members["Member"]) >= {"rf", "pooled_logit"}
    assert abs(members["Weight"].sum() - 100) < 0.1
    assert "previously live" in texts(app).lower()


@pytest.mark.parametrize(
    ("temperature", "told"),
    [
        (1.25, "temperature 1.25: confidences toned down"),
        (0.8, "temperature 0.80: confidences sharpened"),
        (1.001, "temperature 1.00"),
        (None, "unknown"),
    ],
)
def test_calibration_is_told_in_words(folder, open_app, monkeypatch, temperature, told):
    real = data.manifest
    monkeypatch.setattr(data, "manifest", lambda key, name: {**real(key, name), "temperature": temperature})
    app = open_app("versions", view="One version", key=str(KEY), version="20021031")
    facts = {name: value for table in app.table for name, value in table.value.iloc[:, 0].items()}
    assert facts["Calibration"] == told


def test_a_version_that_is_not_there_is_said(folder, open_app, texts):
    app = open_app("versions", view="One version", key=str(KEY), version="20991231")
    assert "AAPL/d1 has no version 20991231. Showing 20021031 instead." in texts(app)


def test_a_pruned_version_is_found_by_its_state_and_keeps_a_card(folder, open_app, registry, texts):
    retention.prune(registry, keep=1, keys=[KEY], actor=Actor("ada", Role.ADMIN), reason="disk is full")
    (gone,) = retention.pruned(registry, KEY)
    assert gone.version not in set(open_app("versions").dataframe[0].value["Version"])
    app = open_app("versions", state="pruned")
    rows = app.dataframe[0].value
    assert list(rows["Version"]) == [gone.version]
    assert "by ada: disk is full" in rows["Remarks"].iloc[0]
    card = open_app("versions", view="One version", key=str(KEY), version=gone.version)
    assert not card.exception
    assert "by ada: disk is full" in texts(card)
    told = {name: value for table in card.table for name, value in table.value.iloc[:, 0].items()}
    assert told["SHA-256"] == f"`{gone.sha256}`"
    assert told["Features"] == "24"
    other = open_app("predict", key=str(KEY), version=gone.version)
    assert gone.version not in other.selectbox(key="version").options


def test_a_version_of_another_key_gives_way_silently(folder, open_app):
    app = open_app("versions", view="One version", key=str(KEY), version="20020930")
    app.selectbox(key="find_key").set_value("IBM/w1").run()
    assert not app.exception
    assert not app.warning
    assert app.selectbox(key="version").value == "20081226"


def test_a_plain_artifact_has_a_card_too(folder, open_app, texts):
    import pickle

    import numpy as np
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(1)
    names = ["return_1", "return_5"]
    table = pd.DataFrame(rng.normal(size=(60, 2)), columns=names)
    forest = RandomForestClassifier(n_estimators=3, random_state=1).fit(table, rng.integers(0, 3, 60))
    artifact = {"symbol": "MSFT", "timeframe": "d1", "timestamp": "20250121", "models": {"rf": forest}}
    artifact |= {"weights": {"rf": 1.0}, "ensemble_accuracy": 0.4, "performances": {}, "model_predictions_sample": {}}
    (folder / "MSFT_d1_20250121.pkl").write_bytes(pickle.dumps(artifact))
    for page in ("versions", "performance", "predict", "rollback"):
        app = open_app(page, key="MSFT/d1", view="One version")
        assert not app.exception, page
    app = open_app("versions", key="MSFT/d1", view="One version")
    assert "Holdout accuracy 40 %" in texts(app)
    told = {name: value for table in app.table for name, value in table.value.iloc[:, 0].items()}
    assert told["Label"] == "unknown"


def test_comparing_shows_only_what_differs(folder, open_app):
    app = open_app("versions", view="Compare two", key=str(KEY), version="20021031", beside="20020830")
    assert not app.exception
    weights, rest = (frame.value for frame in app.dataframe)
    assert {"Weight in 20021031", "Weight in 20020830"} <= set(weights.columns)
    assert (rest["20021031"] != rest["20020830"]).all()
    assert "data window · last bar" in set(rest["What"])
    assert "horizon" not in set(rest["What"])


def test_the_last_two_are_offered_with_members_side_by_side_and_a_download(folder, open_app):
    app = open_app("versions", view="Compare two", key=str(KEY))
    assert not app.exception
    assert [app.selectbox(key=name).value for name in ("version", "beside")] == ["20021031", "20020930"]
    weights, rest = (frame.value for frame in app.dataframe)
    apart = weights["Weight in 20021031"] - weights["Weight in 20020930"]
    assert weights["Weight, difference"].dropna().tolist() == pytest.approx(apart.dropna().tolist())
    assert "Holdout accuracy, difference" in weights
    assert rest["Difference"].notna().any()
    assert app.get("download_button")[0].proto.label == "Download the comparison"


def test_differences_of_equal_manifests_are_none():
    told = {"label": {"horizon_bars": 1}, "seed": 3}
    assert comparison.differences(told, told, names=("a", "b")).empty
    other = {"label": {"horizon_bars": 5}, "temperature": 1.2}
    rows = comparison.differences(told, other, names=("a", "b")).set_index("What")
    assert list(rows.loc["label · horizon bars"]) == ["1", "5", -4.0]
    assert pd.isna(rows.loc["seed", "Difference"])
    assert list(rows.index) == ["label · horizon bars", "seed", "temperature"]


def test_no_accuracy_stands_without_its_interval_among_the_differences():
    told = [
        {
            "ensemble_accuracy": share,
            "evaluation": {"ensemble": {"accuracy": share, "low": share, "log_loss": 1 + share}},
        }
        for share in (0.4, 0.5)
    ]
    assert list(comparison.differences(*told, names=("a", "b"))["What"]) == ["evaluation · ensemble · log loss"]


def test_one_version_alone_says_how_to_get_another(folder, open_app):
    app = open_app("versions", view="Compare two", key="IBM/w1")
    assert not app.exception
    assert any("desk train --symbol 'IBM' --timeframe w1" in code.value for code in app.code)


def test_the_timeline_draws_accuracy_what_was_live_and_weights(folder, open_app, registry, colleague):
    rollback.roll_back(registry, KEY, to="20020830", expected=None, actor=colleague, reason="drift")
    app = open_app("versions", view="Timeline", key=str(KEY))
    assert not app.exception
    assert len(app.get("plotly_chart")) == 3


def test_spans_cover_the_time_without_gaps(registry, colleague):
    from datetime import UTC, datetime

    from ensemble_desk.registry.ledger import history
    from ensemble_desk.ui.versions import timeline

    rollback.roll_back(registry, KEY, to="20020830", expected=None, actor=colleague, reason="drift")
    moves.promote(registry, KEY, to="20020930", expected=None, actor=colleague, reason="better")
    now = datetime.now(UTC)
    spans = timeline.spans_of(history.deployments(registry, KEY), until=now)
    assert [span.version for span in spans] == ["20020830", "20020930", "20021031", "20020830", "20020930"]
    assert [span.end for span in spans[:-1]] == [span.start for span in spans[1:]]
    assert spans[-1].end == now
    assert [span.live for span in spans] == [False] * 4 + [True]
