"""The preflight: every step of a sound version passes, and each kind of damage fails the step that is meant for it."""

import copy

import pytest

from ensemble_desk.errors import UnknownVersionError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.ledger import production
from ensemble_desk.registry.moves import quarantine
from ensemble_desk.registry.preflight import steps as preflight
from ensemble_desk.sources.sample import SampleSource

AAPL = Key("AAPL", "d1")
OLD, NEW = "20250110", "20250131"


def outcomes(report):
    return {step.name: step.outcome for step in report.steps}


def detail(report, name):
    return next(step.detail for step in report.steps if step.name == name)


def run(desk, version, **options):
    return preflight.run(desk.registry, AAPL, version, **options)


def test_a_sound_version_passes_every_step_in_order(sqlite_desk):
    sqlite_desk.publish_all(OLD, NEW)
    report = run(sqlite_desk, OLD)
    assert report.passed
    assert tuple(step.name for step in report.steps) == preflight.STEPS
    assert set(outcomes(report).values()) == {"passed"}
    assert all(step.milliseconds >= 0 for step in report.steps)
    assert detail(report, "golden sample").startswith("2 members, 5 rows")
    newest = SampleSource().bars(AAPL).last
    assert f"{newest:%Y-%m-%d}" in detail(report, "smoke forecast")


def test_nothing_to_compare_with_is_skipped_with_the_reason(sqlite_desk):
    sqlite_desk.publish(OLD)
    report = run(sqlite_desk, OLD)
    assert report.passed
    assert outcomes(report)["code surface"] == outcomes(report)["label compatibility"] == "skipped"
    assert "no other version" in detail(report, "code surface")


def test_a_missing_file_fails_and_the_rest_says_why_it_was_not_done(sqlite_desk):
    sqlite_desk.publish_all(OLD, NEW)
    sqlite_desk.file(OLD).unlink()
    report = run(sqlite_desk, OLD)
    assert [step.name for step in report.failures] == ["exists"]
    assert detail(report, "digest") == "exists did not pass"
    assert detail(report, "smoke forecast") == "safe load did not pass"
    assert outcomes(report)["quarantine"] == "passed"


def test_a_changed_byte_fails_the_digest(sqlite_desk):
    sqlite_desk.publish_all(OLD, NEW)
    sqlite_desk.flip_a_byte(OLD)
    report = run(sqlite_desk, OLD)
    assert [step.name for step in report.failures] == ["digest"]
    assert "TAMPERED" in detail(report, "digest")
    assert outcomes(report)["safe load"] == "skipped"


def test_other_answers_than_when_it_was_made_fail_the_golden_sample(sqlite_desk):
    sqlite_desk.publish(OLD)
    told = copy.deepcopy(sqlite_desk.content["model_predictions_sample"])
    told["rf"][0][0] += 1e-6
    sqlite_desk.publish(NEW, model_predictions_sample=told)
    report = run(sqlite_desk, NEW)
    assert [step.name for step in report.failures] == ["golden sample"]
    assert "rf answers otherwise" in detail(report, "golden sample")


def test_features_that_this_code_does_not_compute_fail_the_schema(sqlite_desk):
    content = sqlite_desk.content
    names = ["moon_phase", *content["feature_names"][1:]]
    forest = copy.deepcopy(content["models"]["rf"])
    forest.feature_names_in_[0] = "moon_phase"
    models = content["models"] | {"rf": forest}
    sqlite_desk.publish(OLD, feature_names=names, models=models)
    report = run(sqlite_desk, OLD)
    assert [step.name for step in report.failures] == ["schema"]
    assert "moon_phase" in detail(report, "schema")
    assert outcomes(report)["smoke forecast"] == "skipped"


def test_other_libraries_are_told_but_stop_nothing(sqlite_desk):
    libraries = sqlite_desk.content["libraries"] | {"scikit-learn": "1.2.3", "gone": "9"}
    sqlite_desk.publish(OLD, libraries=libraries)
    report = run(sqlite_desk, OLD)
    assert report.passed
    assert outcomes(report)["environment"] == "failed"
    assert "scikit-learn 1.2.3, here" in detail(report, "environment")
    assert "gone 9, here not installed" in detail(report, "environment")


def test_another_label_is_told_but_stops_nothing(sqlite_desk):
    sqlite_desk.publish(OLD)
    models = {"rf": sqlite_desk.content["models"]["rf"]}  # it answers the same by any label
    told = {"rf": sqlite_desk.content["model_predictions_sample"]["rf"]}
    label = sqlite_desk.content["label"] | {"multiplier": 0.9}
    sqlite_desk.publish(NEW, models=models, weights={"rf": 1.0}, model_predictions_sample=told, label=label)
    report = run(sqlite_desk, OLD)
    assert report.passed
    assert outcomes(report)["label compatibility"] == "failed"
    assert "multiplier 0.5, not 0.9" in detail(report, "label compatibility")


def test_code_that_the_version_in_production_does_not_need_is_named(sqlite_desk):
    models = {"arima_garch": sqlite_desk.content["models"]["arima_garch"]}
    told = {"arima_garch": sqlite_desk.content["model_predictions_sample"]["arima_garch"]}
    sqlite_desk.publish(OLD)
    sqlite_desk.publish(NEW, models=models, weights={"arima_garch": 1.0}, model_predictions_sample=told)
    report = run(sqlite_desk, OLD)
    assert report.passed
    assert outcomes(report)["code surface"] == "failed"
    assert "RandomForestClassifier" in detail(report, "code surface")
    assert outcomes(run(sqlite_desk, NEW))["code surface"] == "passed"


def test_bars_that_no_source_has_are_a_reason_to_skip(sqlite_desk):
    key = Key("TSLA", "d1")
    sqlite_desk.publish(OLD, key=key, symbol="TSLA")
    report = preflight.run(sqlite_desk.registry, key, OLD)
    assert report.passed
    assert outcomes(report)["smoke forecast"] == "skipped"
    assert "TSLA" in detail(report, "smoke forecast")


def test_a_quarantine_fails_but_for_the_move_that_lifts_it(sqlite_desk):
    sqlite_desk.publish_all(OLD, NEW)
    quarantine.quarantine(sqlite_desk.registry, AAPL, OLD, actor=sqlite_desk.operator, reason="bad data")
    assert [step.name for step in run(sqlite_desk, OLD).failures] == ["quarantine"]
    assert "bad data" in detail(run(sqlite_desk, OLD), "quarantine")
    assert run(sqlite_desk, OLD, lifting=True).passed


def test_a_preflight_moves_nothing(sqlite_desk):
    sqlite_desk.publish_all(OLD, NEW)
    before = production.read(sqlite_desk.registry, AAPL)
    run(sqlite_desk, OLD)
    assert production.read(sqlite_desk.registry, AAPL) == before


def test_an_unknown_version_has_no_preflight(sqlite_desk):
    sqlite_desk.publish(OLD)
    with pytest.raises(UnknownVersionError):
        run(sqlite_desk, NEW)
