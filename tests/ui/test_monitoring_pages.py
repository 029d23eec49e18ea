"""Overview, performance and drift on replayed forecasts: honest accuracies, evidence in words, and what to do."""

import re
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from ensemble_desk import settings
from ensemble_desk.database.tables.registry_tables import forecasts, kept_drift, outcomes, symbols, version_manifests
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import drift
from ensemble_desk.monitoring.evidence.calibration import Promise
from ensemble_desk.registry import opening
from ensemble_desk.registry.moves import quarantine
from ensemble_desk.ui.frame import actions, monitoring_data, standing
from ensemble_desk.ui.frame.keys import wording as drift_wording

KEY = Key("AAPL", "d1")
SHARE = r"\d+ %"
INTERVAL = r" \[\d+–\d+\]"
COUNTED = r", n [\d,]+( \([\d,]+ independent\))?"
WHOLE = re.compile(f"{SHARE}{INTERVAL}{COUNTED}, (majority|equal weights) {SHARE}")
LONE = re.compile(f"{SHARE}{INTERVAL}(?!{COUNTED})")


@contextmanager
def writing(folder):
    chosen = settings.Settings(models_url=str(folder), database_url="")
    with opening.open_registry(chosen) as registry, registry.database.writing() as connection:
        yield connection


@pytest.fixture
def fallen(watched):
    """Every forecast of production was wrong."""
    with writing(watched) as connection:
        connection.execute(outcomes.update().values(label="BULLISH"))
        connection.execute(forecasts.update().values(p_bearish=0.8, p_neutral=0.1, p_bullish=0.1, label="BEARISH"))
        connection.execute(kept_drift.delete())  # rows never change in earnest: what was made of them is kept
    return watched


def cells(app, column):
    return [value for table in app.dataframe if column in table.value for value in table.value[column]]


def marks(app):
    """The sentences of the accuracy marks, which are the titles of their pictures."""
    titles = [found for one in app.markdown for found in re.findall(r'"([^"]+)"\)', one.value)]
    return [one.replace("\\", "") for one in titles if "validated" in one]


def charts(app):
    return [element.proto.alt for element in app.get("plotly_chart")]


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("overview", {}),
        ("performance", {}),
        ("performance", {"of": "Every version"}),
        ("performance", {"of_horizon": "1W"}),
        ("performance", {"told": "As validated"}),
        ("drift", {}),
        ("versions", {"view": "List"}),
        ("versions", {"view": "One version"}),
        ("rollback", {}),
        ("training_runs", {}),
    ],
)
def test_every_accuracy_has_interval_n_and_baseline_and_nothing_replayed_is_called_live(
    watched, open_app, texts, page, query
):
    app = open_app(page, key="AAPL/d1", **query)
    assert not app.exception
    assert not app.error
    for column in ("Accuracy since training", "Validated accuracy", "Holdout accuracy", "Accuracy"):
        for told in cells(app, column):
            assert WHOLE.search(told), told
    since = cells(app, "Accuracy since training") + marks(app)
    assert all(told.startswith("replayed ") and WHOLE.search(told) for told in since)
    assert not LONE.search(texts(app))
    said = texts(app)
    assert "[Live]" not in said
    assert "Live:" not in said
    if page == "performance" and query.get("told") is None:
        assert "violet-badge[Replayed]" in said
        assert WHOLE.search(said)


def test_a_confirmed_fall_is_said_loudly_with_the_way_to_its_evidence(fallen, open_app, texts):
    app = open_app("overview")
    assert "3 keys need somebody" in texts(app)
    assert [link.label for link in app.main.page_link][:2] == ["Evidence", "Roll back"]
    assert ":red-badge[Fell] **" in texts(app)
    assert "the alarm stands across the fleet" in texts(app)

    app = open_app("drift", key="AAPL/d1")
    assert "Accuracy has fallen since" in texts(app)
    assert "and the evidence confirms it." in texts(app)
    assert ":red-badge[EMERGENCY · confirmed]" in texts(app)
    assert "the evidence confirms it. Retrain now." in texts(app)
    assert "It first reached the line on 2013" in texts(app)


@pytest.mark.parametrize("page", ["performance", "predict", "drift", "rollback", "versions"])
def test_a_confirmed_fall_is_as_loud_on_every_page_about_its_key(fallen, open_app, texts, page):
    app = open_app(page, key="AAPL/d1", **({"view": "One version"} if page == "versions" else {}))
    assert not app.exception
    assert "Accuracy of AAPL/d1 has fallen since about 201" in app.error[0].value.replace("\\", "")
    assert {"Evidence", "Roll back"} <= {link.label for link in app.main.page_link}
    assert ":red-badge[:material/trending_down: EMERGENCY · confirmed]" in texts(app)
    assert not re.search(r":green-badge\[[^\]]*In production", texts(app))


def test_while_outcomes_are_read_pages_open_and_say_so(watched, open_app, texts, monkeypatch):
    monkeypatch.setattr(monitoring_data, "standing", standing.Standing)
    app = open_app("overview")
    assert not app.exception
    assert texts(app).count(":gray-badge[Being read]") == 4
    assert "Nothing needs anybody" not in texts(app)
    assert "appear by themselves" in texts(app)
    app = open_app("drift", key="AAPL/d1")
    assert not app.exception
    assert [button.label for button in app.button if button.label == "Look again"]


def test_performance_tells_what_came_and_what_was_validated(watched, open_app, texts):
    app = open_app("performance", key="AAPL/d1")
    labels = [metric.label for metric in app.metric]
    assert labels == ["Above the majority", "Above the promise", "Volatility skill", "Direction skill", "Log-loss"]
    assert len(charts(app)) == 4
    assert "Against usual rates" in texts(app)
    assert "2013-01" in set(cells(app, "Month"))
    assert "calm" in set(cells(app, "Third of volatility"))
    assert any("by month" in alt for alt in charts(app))
    scores = next(table.value for table in app.dataframe if "Member" in table.value)
    assert set(scores["Member"]) >= {"ensemble (as weighted)", "rf", "pooled_logit"}
    verdicts = {verdict for (verdict,) in scores["Against equal weights"]}
    assert verdicts <= {"better than equal weights", "worse than equal weights", "not settled"}
    app.segmented_control(key="told").set_value("As validated").run()
    assert "The ensemble beside what it must beat" in texts(app)
    assert len(charts(app)) == 5
    app.segmented_control(key="told").set_value("After costs").run()
    (ways,) = [table.value for table in app.dataframe if "Sharpe" in table.value]
    assert ways.iloc[:, 0].tolist() == ["Acting on the forecasts", "Buy and hold", "Held by volatility"]
    assert "bars are too few to say anything" in texts(app)
    assert set(ways["Sharpe"]) == set(ways["Mean return a year"]) == {"–"}  # of a year, out of a few weeks
    assert all(told.endswith(" %") for told in ways["Return"])
    assert "costs of 5 basis points" in texts(app)
    assert "versions tried" in texts(app)
    assert len(charts(app)) == 1


def test_performance_of_every_version_and_of_another_horizon(watched, open_app, texts):
    app = open_app("performance", key="AAPL/d1", of="Every version")
    assert "horizon 1D:" in texts(app)
    assert "Members are compared within one version" in texts(app)
    app = open_app("performance", key="AAPL/d1", of_horizon="1W")
    assert "horizon 1W (derived: by members that model prices)" in texts(app)
    assert "independent)" in texts(app)


def test_live_and_replayed_are_chosen_between_and_never_mixed(watched, open_app, texts):
    with writing(watched) as connection:
        late = forecasts.c.as_of > datetime(2013, 2, 1, tzinfo=UTC)
        connection.execute(forecasts.update().where(late, forecasts.c.version == "20121231").values(kind=Kind.LIVE))
    app = open_app("performance", key="AAPL/d1")
    assert "violet-badge[Live] 2013-02-04" in texts(app)
    app.segmented_control(key="made").set_value("Replayed").run()
    assert "violet-badge[Replayed] 2013-01-02" in texts(app)
    assert "violet-badge[Live]" not in texts(app)


@pytest.mark.parametrize("n", [1, 3])
def test_a_few_outcomes_of_one_class_only_break_nothing(watched, open_app, texts, n):
    with writing(watched) as connection:
        own = select(forecasts.c.id).where(forecasts.c.version == "20121231", forecasts.c.basis == "trained")
        kept = connection.execute(own.join(symbols).where(symbols.c.ticker == "AAPL").limit(n)).scalars().all()
        connection.execute(outcomes.delete().where(outcomes.c.forecast_id.not_in(kept)))
        connection.execute(outcomes.update().values(label="NEUTRAL"))
    for page in ("overview", "performance", "drift"):
        app = open_app(page, key="AAPL/d1")
        assert not app.exception
        assert not app.error
        for told in (texts(app), str([table.value.to_dict() for table in app.dataframe])):
            assert "inf" not in told.replace("information", "")
            assert "nan %" not in told
    assert "too few of its forecasts have an outcome yet" in texts(app)


def test_a_version_without_a_label_asks_to_be_described(watched, open_app, texts):
    with writing(watched) as connection:
        for row in connection.execute(version_manifests.select()).all():
            plain = {name: value for name, value in row.manifest.items() if name != "label"}
            here = version_manifests.c.version_id == row.version_id
            connection.execute(version_manifests.update().where(here).values(manifest=plain))
        connection.execute(outcomes.delete())
    app = open_app("performance", key="AAPL/d1")
    assert not app.exception
    assert "Nobody has told its horizon and label" in texts(app)
    assert app.code[0].value == "desk registry describe 'AAPL/d1' --horizon BARS --threshold RETURN"
    app = open_app("drift", key="AAPL/d1")
    assert "NOT MEASURED" in texts(app)
    assert "Operate normally" not in texts(app)


def test_performance_without_forecasts_says_the_next_step(folder, open_app, texts):
    app = open_app("performance", key="AAPL/d1")
    assert "The log holds no such forecast" in texts(app)
    assert "desk replay --symbol AAPL --timeframe d1" in app.code[0].value


def test_a_key_that_nothing_serves_is_said_on_overview_and_drift(folder, open_app, texts, registry, colleague):
    quarantine.quarantine(registry, Key("IBM", "w1"), "20081226", actor=colleague, reason="bad feed")
    said = texts(open_app("overview"))
    assert ":red-badge[Not served] **IBM/w1** no version of it is usable" in said
    assert "1 of 2 keys served" in said
    app = open_app("drift", key="IBM/w1")
    assert not app.exception
    assert "No version of IBM/w1 is usable" in texts(app)
    assert app.code[0].value == "desk train --symbol IBM --timeframe w1"


def test_the_report_is_offered_and_made_on_demand(watched, open_app):
    button = open_app("performance", key="AAPL/d1").get("download_button")[0]
    assert not button.proto.disabled
    assert button.proto.deferred_file_id
    text = monitoring_data.report_of(KEY).decode()
    assert "Replayed forecasts" in text
    assert 'src="http' not in text


def test_drift_tells_evidence_history_promise_and_features(watched, open_app, texts):
    app = open_app("drift", key="AAPL/d1")
    ranked = app.dataframe[0].value
    values = [float(told.replace(",", "")) for told in ranked["E-value"]]
    assert values == sorted(values, reverse=True)
    assert len(charts(app)) == 3
    said = texts(app)
    assert "at most one version in 20 ever gets there" in said
    assert "Not an alarm" in said
    assert "Promised " in said
    assert "3 versions, each against its own validated accuracy" in said
    features = next(table.value for table in app.dataframe if "Feature" in table.value)
    assert len(features) == 24


def test_drift_opens_on_the_key_with_the_strongest_evidence(watched, open_app, texts):
    app = open_app("drift")
    ranked = app.dataframe[0].value
    told = zip(ranked["Key"], map(list, ranked["Band"]), strict=True)
    strongest = next(key for key, chips in told if chips != ["NOT MEASURED"])
    assert strongest in [header.value for header in app.header]
    assert "IBM/d1" in [header.value for header in open_app("drift", key="IBM/d1").header]


def test_charts_about_a_key_share_one_range_that_the_next_page_keeps(watched, open_app):
    app = open_app("performance", key="AAPL/d1")
    assert app.segmented_control(key="range").value == "All"
    app.segmented_control(key="range").set_value("1M").run()
    assert not app.exception
    app.switch_page("pages/drift.py").run()
    assert app.segmented_control(key="range").value == "1M"


def test_a_promise_within_chance_speaks_for_the_market_and_one_beyond_it_against_the_model():
    below, within, above = ((-0.2, -0.01), (-0.1, 0.1), (0.01, 0.2))
    said = {limits: drift_wording.kept(Promise(0.45, 0.0, *limits, 1.0)) for limits in (below, within, above)}
    assert "worse than it believes" in said[below]
    assert "nothing here points to a worse model" in said[within]
    assert "better than it believes" in said[above]
    assert "Too few" in drift_wording.kept(Promise(0.45, 0.0, *within, None))


def test_a_version_that_names_one_class_only_is_told_so(fallen, open_app, texts):
    assert "It said Bearish every time." in texts(open_app("performance", key="AAPL/d1"))


def test_the_simulator_sets_both_rules_side_by_side(watched, open_app, texts):
    app = open_app("drift", key="AAPL/d1")
    next(button for button in app.button if button.label == "Simulate a year").click().run()
    assert not app.exception
    alarms = next(table.value for table in app.dataframe if "Bands alone (the guide)" in table.value)
    assert list(alarms.columns) == ["What happens", "Bands alone (the guide)", "Bands with evidence (here)"]
    assert len(alarms) == 6
    assert [told for told in alarms["What happens"] if "good bars" in told] == [
        f"Falls by 15 points after {good} good bars" for good in (125, 250, 500)
    ]
    assert "years imitated from 40 replayed outcomes of 20121231" in texts(app)


def test_operators_retrain_from_the_drift_page_and_others_read_why_not(watched, open_app, texts, address, monkeypatch):
    started = []
    monkeypatch.setattr(actions, "train", lambda key, **more: started.append((key, more)))
    app = open_app("drift", key="AAPL/d1")
    assert [link.label for link in app.main.page_link] == ["Training runs", "Roll back AAPL/d1"]
    app.button(key="retrain").click().run()
    assert started == [(KEY, {"as_of": None})]
    address("0.0.0.0")  # noqa: S104 - told, not bound
    app = open_app("drift", key="AAPL/d1")
    assert app.button(key="retrain").disabled
    assert "Retraining takes the role operator; you are viewer" in texts(app)


def test_the_same_numbers_as_on_the_command_line(watched, open_app):
    with opening.open_registry(settings.load()) as registry:
        told = drift.status(registry, KEY)
    told_by_the_mark = marks(open_app("overview", q="AAPL"))
    since = "accuracy_since_training"
    low, high = round(100 * told[f"{since}_low"]), round(100 * told[f"{since}_high"])
    written = f"replayed {100 * told[since]:.0f} % [{low}–{high}], n {told['n_predictions']}, "
    assert [one for one in told_by_the_mark if one.startswith(written)]
