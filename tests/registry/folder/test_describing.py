"""What files do not tell is told once, holds for what comes later, and contradicts no file."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sqlalchemy import text

from ensemble_desk.artifacts.descriptions import Description
from ensemble_desk.errors import (
    ContradictedDescriptionError,
    InvalidDescriptionError,
    NotAllowedError,
    NothingDescribedError,
)
from ensemble_desk.forecasting import definitions
from ensemble_desk.market.features import FEATURE_NAMES
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.folder import audit, describing, sync
from ensemble_desk.registry.index import descriptions, versions
from ensemble_desk.registry.index.descriptions import Scope
from ensemble_desk.registry.ledger import production
from ensemble_desk.registry.serving import ensembles as serving

AAPL, IBM = Key("AAPL", "d1"), Key("IBM", "d1")
OLD, NEW = "20250110", "20250131"
LABEL = LabelSpec(5, "fixed", fixed_threshold=0.009)
WORDS = ["DOWN", "FLAT", "UP"]
MEANING = {"DOWN": "BEARISH", "FLAT": "NEUTRAL", "UP": "BULLISH"}


def drop(desk, key, version, classes=WORDS, names=tuple(FEATURE_NAMES[:2]), **more):
    table = pd.DataFrame(np.random.default_rng(1).standard_normal((90, 2)), columns=list(names))
    model = RandomForestClassifier(4, max_depth=3, random_state=1).fit(table, np.resize(classes, 90))
    told = {"symbol": key.symbol, "timeframe": key.timeframe, "timestamp": version, "ensemble_accuracy": 0.4}
    whole = told | {"models": {"rf": model}, "weights": {"rf": 1.0}} | more
    (desk.folder / f"{key.symbol}_{key.timeframe}_{version}.pkl").write_bytes(pickle.dumps(whole))


def tell(desk, scope, **told):
    return describing.describe(desk.registry, Scope.parse(scope), Description(**told), actor=desk.operator)


def ask(desk, key=AAPL):
    return serving.ensemble(desk.registry, key).predict(desk.registry.source.bars(AAPL).frame)


def definition(desk, version, key=AAPL):
    return definitions.of_key(desk.registry.database, key)[version]


def test_classes_nobody_knows_never_go_live_with_features_of_their_own_either(desk):
    drop(desk, AAPL, OLD, names=["rsi", "score"])
    (reason,) = sync.synchronise(desk.registry).unfit.values()
    assert "tell it once: desk registry describe 'AAPL/d1' --classes DOWN=…,FLAT=…,UP=…" in reason
    assert production.read(desk.registry, AAPL).version is None
    assert tell(desk, "AAPL/d1", classes=MEANING).followed == ("AAPL/d1",)


def test_one_description_of_a_pattern_makes_a_fleet_serve(desk):
    for key in (AAPL, IBM):
        drop(desk, key, OLD)
        drop(desk, key, NEW)
    assert len(sync.synchronise(desk.registry).unfit) == 4
    done = tell(desk, "*/d1", horizon_bars=5, threshold=0.009, classes=MEANING, trained_until="version")
    assert (done.n_versions, done.n_own, done.followed, dict(done.unfit)) == (4, 0, ("AAPL/d1", "IBM/d1"), {})
    for key in (AAPL, IBM):
        assert production.read(desk.registry, key).version == NEW
        assert (definition(desk, OLD, key).label, definition(desk, OLD, key).horizon) == (LABEL, "1W")
    record = versions.get(desk.registry, AAPL, OLD)
    assert (record.horizon, f"{record.last_bar:%Y%m%d}", record.state) == ("1W", OLD, State.AVAILABLE)
    found = ask(desk)
    assert (found["version"], found["horizon"], found["horizon_bars"]) == (NEW, "1W", 5)
    assert audit.verify(desk.registry) == ()
    with desk.registry.database.writing() as connection:
        edited = text("UPDATE model_versions SET described = NULL WHERE version = :version")
        assert connection.execute(edited, {"version": OLD}).rowcount == len((AAPL, IBM))
    assert [finding.kind for finding in audit.verify(desk.registry)] == [audit.EDITED] * 2
    (kept,) = descriptions.history(desk.registry, AAPL, OLD)
    assert (kept.actor, str(kept.scope), kept.description.horizon_bars) == ("olga", "*/d1", 5)


def test_the_classes_are_those_that_were_told(desk):
    drop(desk, AAPL, NEW, classes=[0, 1, 2])
    sync.synchronise(desk.registry)
    before = ask(desk)["probabilities"]
    tell(desk, "AAPL/d1", classes={"0": "BULLISH", "1": "NEUTRAL", "2": "BEARISH"})
    after = ask(desk)["probabilities"]
    assert after["BULLISH"] == pytest.approx(before["BEARISH"])
    assert after["BEARISH"] == pytest.approx(before["BULLISH"])
    loaded = serving.load(desk.registry, AAPL, NEW)
    assert loaded["class_meaning"] == {"0": "BULLISH", "1": "NEUTRAL", "2": "BEARISH"}
    assert sync.synchronise(desk.registry, force=True).changed == ()
    assert ask(desk)["probabilities"] == after


def test_until_told_a_forecast_answers_and_its_horizon_is_unknown(desk):
    drop(desk, AAPL, NEW, classes=[-1, 0, 1])
    sync.synchronise(desk.registry)
    found = ask(desk)
    assert (found["horizon"], found["horizon_bars"]) == (None, None)
    assert sum(found["probabilities"].values()) == pytest.approx(1)
    assert versions.get(desk.registry, AAPL, NEW).horizon is None
    assert (definition(desk, NEW).label, definition(desk, NEW).horizon) == (None, None)


def test_an_ensemble_that_was_opened_before_knows_it_at_its_next_forecast(desk):
    drop(desk, AAPL, NEW, classes=[-1, 0, 1])
    sync.synchronise(desk.registry)
    ensemble, bars = serving.ensemble(desk.registry, AAPL), desk.registry.source.bars(AAPL).frame
    assert ensemble.predict(bars)["horizon"] is None
    tell(desk, "AAPL/d1", horizon_bars=5, threshold=0.009)
    assert ensemble.predict(bars)["horizon"] == "1W"


def test_a_config_in_the_file_is_read_by_itself(desk):
    drop(desk, AAPL, NEW, classes=[-1, 0, 1], config={"horizon": 5, "threshold": 0.009})
    sync.synchronise(desk.registry)
    assert (definition(desk, NEW).label, ask(desk)["horizon"]) == (LABEL, "1W")
    with pytest.raises(ContradictedDescriptionError, match="the horizon is 1W, not 1 bars"):
        tell(desk, f"AAPL/d1/{NEW}", horizon_bars=1, threshold=0.009)
    assert descriptions.history(desk.registry) == ()


def test_two_classes_are_served_without_neutral_and_scored_by_the_sign(desk):
    drop(desk, AAPL, NEW, classes=["up", "down"])
    sync.synchronise(desk.registry)
    assert ask(desk)["probabilities"]["NEUTRAL"] == 0
    tell(desk, "AAPL/d1", horizon_bars=3)
    assert definition(desk, NEW).label == LabelSpec(3, "fixed", fixed_threshold=0.0)


def test_nought_and_one_are_told_apart_by_a_person_only(desk):
    drop(desk, AAPL, NEW, classes=[0, 1])
    assert sync.synchronise(desk.registry).unfit
    tell(desk, "AAPL/d1", horizon_bars=5, classes={"0": "BEARISH", "1": "BULLISH"})
    found = ask(desk)
    assert (found["version"], found["probabilities"]["NEUTRAL"]) == (NEW, 0)


def test_it_holds_for_versions_that_come_later(desk):
    drop(desk, AAPL, OLD)
    sync.synchronise(desk.registry)
    tell(desk, "AAPL/d1", horizon_bars=5, threshold=0.009, classes=MEANING, trained_until="version")
    drop(desk, AAPL, NEW)
    assert sync.synchronise(desk.registry).followed == ("AAPL/d1",)
    assert (definition(desk, NEW).label, ask(desk)["version"]) == (LABEL, NEW)
    assert f"{versions.get(desk.registry, AAPL, NEW).last_bar:%Y%m%d}" == NEW


def test_versions_of_one_key_may_have_different_labels_and_the_precise_word_counts(desk):
    drop(desk, AAPL, OLD)
    drop(desk, AAPL, NEW)
    sync.synchronise(desk.registry)
    tell(desk, f"AAPL/d1/{OLD}", horizon_bars=10, multiplier=0.5, classes=MEANING)
    tell(desk, "AAPL/*", horizon_bars=5, threshold=0.009, classes=MEANING)
    assert definition(desk, OLD).label == LabelSpec(10, multiplier=0.5)
    assert definition(desk, NEW).label == LABEL
    tell(desk, "AAPL/d1", horizon_bars=3)
    assert (definition(desk, OLD).label.horizon_bars, definition(desk, NEW).label.horizon_bars) == (10, 3)
    assert len(descriptions.history(desk.registry, AAPL, OLD)) == 3


def test_a_version_of_our_own_is_left_alone_and_refused_when_named(desk):
    desk.publish(OLD)
    drop(desk, AAPL, NEW)
    sync.synchronise(desk.registry)
    done = tell(desk, "*/d1", horizon_bars=5, threshold=0.009, classes=MEANING)
    assert (done.n_versions, done.n_own) == (1, 1)
    assert definition(desk, OLD).horizon == "1D"
    with pytest.raises(ContradictedDescriptionError, match="says that the horizon is 1D"):
        tell(desk, f"AAPL/d1/{OLD}", horizon_bars=5, threshold=0.009)


@pytest.mark.parametrize(
    ("scope", "told", "error"),
    [
        (
            "AAPL/d1",
            {"horizon_bars": 5, "threshold": 0.01, "classes": {"A": "BEARISH", "B": "BULLISH"}},
            "has the classes",
        ),
        ("IBM/d1", {"horizon_bars": 5, "threshold": 0.01}, "fits no version"),
        (f"AAPL/d1/{OLD}", {"horizon_bars": 5, "threshold": 0.01}, "fits no version"),
        ("AAPL/d1", {"horizon_bars": 5}, "say --threshold or --multiplier"),
        ("AAPL/d1", {"threshold": 0.01}, "say --horizon"),
    ],
)
def test_what_cannot_hold_is_refused_and_nothing_is_kept(desk, scope, told, error):
    drop(desk, AAPL, NEW)
    sync.synchronise(desk.registry)
    refused = (ContradictedDescriptionError, InvalidDescriptionError, NothingDescribedError)
    with pytest.raises(refused, match=error):
        tell(desk, scope, **told)
    assert descriptions.history(desk.registry) == ()
    assert versions.get(desk.registry, AAPL, NEW).horizon is None


def test_a_viewer_may_tell_nothing(desk):
    drop(desk, AAPL, NEW)
    sync.synchronise(desk.registry)
    with pytest.raises(NotAllowedError):
        describing.describe(desk.registry, Scope.parse("AAPL/d1"), Description(horizon_bars=5), actor=desk.viewer)


@pytest.mark.parametrize(
    ("text", "key", "version", "fits"),
    [
        ("aapl/d1", "AAPL/d1", "*", True),
        ("AAPL/d1/20250131", "AAPL/d1", "20250131", True),
        ("*/d1", "*/d1", "*", True),
        ("AAPL", "AAPL/*", "*", True),
        ("AAPL/*", "AAPL/*", "*", True),
        ("BTC/USD/d1", "BTC/USD/d1", "*", False),
        ("*/w1", "*/w1", "*", False),
        ("AAPL/d1/20250130", "AAPL/d1", "20250130", False),
    ],
)
def test_scopes_are_read_as_they_are_written(text, key, version, fits):
    scope = Scope.parse(text)
    assert (scope.key, scope.version) == (key, version)
    assert scope.fits(AAPL, NEW) is fits
    assert Scope.parse(str(scope)) == scope
