"""Nothing goes live by itself that could not be promoted, by whatever way it comes; a later good one is followed."""

import pickle
from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from ensemble_desk.errors import ExpiredVersionError, MissingExtraError, NotTrainedError, PreflightFailedError
from ensemble_desk.market.features import FEATURE_NAMES
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Action, Mode, State
from ensemble_desk.registry.folder import audit, sync
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.moves import promotion, rollback
from ensemble_desk.registry.preflight import compatibility, examination
from ensemble_desk.registry.serving import ensembles as serving
from ensemble_desk.settings import Settings

AAPL = Key("AAPL", "d1")
OLD, BROKEN, GOOD = "20250110", "20250120", "20250131"


def plain(classes, *, version, names=FEATURE_NAMES[:2], weights=None, **more):
    """A small artifact of another program, its only member fitted on two of our features."""
    table = pd.DataFrame(np.random.default_rng(1).standard_normal((60, len(names))), columns=list(names))
    model = LogisticRegression().fit(table, np.resize(classes, 60))
    told = {"symbol": "AAPL", "timeframe": "d1", "timestamp": version, "ensemble_accuracy": 0.4}
    return pickle.dumps(told | {"models": {"lr": model}, "weights": weights or {"lr": 1.0}} | more)


def drop(desk, version, data):
    (desk.folder / f"AAPL_d1_{version}.pkl").write_bytes(data)


def live(desk):
    return production.read(desk.registry, AAPL).version


def test_a_dropped_version_that_cannot_vote_is_unfit_and_what_was_live_goes_on_serving(desk):
    desk.publish(OLD)
    drop(desk, BROKEN, plain(["A", "B", "C"], version=BROKEN))
    report = sync.synchronise(desk.registry)
    assert list(report.unfit) == [f"AAPL_d1_{BROKEN}.pkl"]
    assert report.followed == ()
    record = versions.get(desk.registry, AAPL, BROKEN)
    assert record.state is State.UNFIT
    assert "smoke forecast" in record.problem
    assert "desk registry describe 'AAPL/d1' --classes" in record.problem
    assert live(desk) == OLD
    bars = desk.registry.source.bars(AAPL).frame
    assert serving.ensemble(desk.registry, AAPL).predict(bars)["version"] == OLD
    assert versions.listing(desk.registry, state=State.UNFIT).total == 1
    assert audit.verify(desk.registry) == ()


def test_a_later_good_one_is_followed_and_its_row_holds_the_preflight(desk):
    desk.publish(OLD)
    drop(desk, BROKEN, plain(["A", "B", "C"], version=BROKEN))
    sync.synchronise(desk.registry)
    drop(desk, GOOD, plain([0, 1, 2], version=GOOD))
    assert sync.synchronise(desk.registry).followed == ("AAPL/d1",)
    assert live(desk) == GOOD
    row = history.deployments(desk.registry, AAPL)[0]
    assert (row.action, row.from_version, row.to_version) == (Action.FOLLOW, OLD, GOOD)
    assert {step["name"]: step["outcome"] for step in row.preflight}["smoke forecast"] == "passed"


def test_of_several_new_ones_the_newest_that_passes_goes_live(desk):
    drop(desk, OLD, plain([0, 1, 2], version=OLD))
    drop(desk, BROKEN, plain([-1, 0, 1], version=BROKEN))
    drop(desk, GOOD, plain(["A", "B"], version=GOOD))
    report = sync.synchronise(desk.registry)
    assert (live(desk), list(report.unfit)) == (BROKEN, [f"AAPL_d1_{GOOD}.pkl"])
    assert versions.get(desk.registry, AAPL, OLD).state is State.AVAILABLE


def test_a_key_of_which_nothing_passes_serves_nothing(desk):
    drop(desk, GOOD, plain(["A", "B"], version=GOOD))
    sync.synchronise(desk.registry)
    assert live(desk) is None
    with pytest.raises(NotTrainedError, match=f"its newest, {GOOD}, is unfit .*tell it once"):
        serving.ensemble(desk.registry, AAPL).predict(desk.registry.source.bars(AAPL).frame)


def test_a_trained_version_that_fails_stays_behind_as_well(desk):
    desk.publish(OLD)
    wrong = [[1.0, 0.0, 0.0]] * len(desk.content["model_predictions_sample"]["rf"])
    record = desk.publish(BROKEN, model_predictions_sample=desk.content["model_predictions_sample"] | {"rf": wrong})
    assert (record.state, live(desk)) == (State.UNFIT, OLD)
    assert "golden sample: rf answers otherwise" in record.problem


def test_a_pinned_key_examines_nothing_by_itself(desk):
    desk.publish(OLD)
    promotion.promote(desk.registry, AAPL, to=OLD, expected=None, actor=desk.operator, reason="keep")
    drop(desk, BROKEN, plain(["A", "B"], version=BROKEN))
    assert sync.synchronise(desk.registry).unfit == {}
    assert versions.get(desk.registry, AAPL, BROKEN).state is State.AVAILABLE
    with pytest.raises(PreflightFailedError):
        promotion.follow_latest(desk.registry, AAPL, expected=None, actor=desk.operator, reason="go on")
    assert (live(desk), production.read(desk.registry, AAPL).mode) == (OLD, Mode.PINNED)


def test_what_failed_is_examined_anew_when_a_person_synchronises(desk, monkeypatch):
    desk.publish(OLD)
    with monkeypatch.context() as patch:
        patch.setattr(compatibility, "FEATURE_NAMES", ())
        record = desk.publish(GOOD)
        assert record.state is State.UNFIT
        assert "this code does not compute" in record.problem
    assert sync.synchronise(desk.registry).followed == ()
    assert sync.synchronise(desk.registry, force=True).followed == ("AAPL/d1",)
    record = versions.get(desk.registry, AAPL, GOOD)
    assert (record.state, record.problem, live(desk)) == (State.IN_PRODUCTION, "", GOOD)


def test_where_a_library_is_missing_nothing_is_called_unfit(desk, monkeypatch):
    desk.publish(OLD)
    library = "sklearn"
    with monkeypatch.context() as patch:
        missing = Mock(side_effect=MissingExtraError(library))
        patch.setattr(examination, "loading", SimpleNamespace(load_with_notes=missing))
        assert desk.publish(GOOD).state is State.AVAILABLE
        assert live(desk) == OLD
    assert sync.synchronise(desk.registry).followed == ("AAPL/d1",)
    assert live(desk) == GOOD


def test_when_the_live_file_vanishes_an_older_one_must_pass_too(desk):
    drop(desk, OLD, plain([0, 1, 2], version=OLD))
    drop(desk, BROKEN, plain(["A", "B"], version=BROKEN))
    drop(desk, GOOD, plain([0, 1, 2], version=GOOD))
    sync.synchronise(desk.registry)
    assert live(desk) == GOOD
    desk.file(GOOD).unlink()
    report = sync.synchronise(desk.registry)
    assert (live(desk), list(report.unfit)) == (OLD, [f"AAPL_d1_{BROKEN}.pkl"])


def test_hundreds_of_files_with_one_fault_are_not_all_examined_at_once(desk):
    desk.publish("20250101")
    for day in range(2, 12):
        drop(desk, f"202501{day:02}", plain(["A", "B"], version=f"202501{day:02}"))
    first = sync.synchronise(desk.registry)
    assert len(first.unfit) == 5
    assert len(sync.synchronise(desk.registry).unfit) == 5
    assert (sync.synchronise(desk.registry).unfit, live(desk)) == ({}, "20250101")


def test_a_rollback_still_goes_to_an_older_version_that_was_never_examined(desk):
    drop(desk, OLD, plain([0, 1, 2], version=OLD))
    drop(desk, GOOD, plain([0, 1, 2], version=GOOD))
    sync.synchronise(desk.registry)
    rollback.roll_back(desk.registry, AAPL, expected=None, actor=desk.operator, reason="worse")
    assert live(desk) == OLD


@pytest.mark.parametrize("age", ["5d", "d1=5d", "3bars"])
def test_an_expired_version_is_refused_only_where_the_settings_say_so(sqlite_desk, age):
    sqlite_desk.publish(OLD)
    bars = sqlite_desk.registry.source.bars(AAPL).frame
    for expired, refused in (("warn", False), ("refuse", True)):
        told = sqlite_desk.registry.settings.model_dump() | {"max_age": age, "expired": expired}
        registry = replace(sqlite_desk.registry, settings=Settings.model_validate(told))
        ensemble = serving.ensemble(registry, AAPL)
        if refused:
            with pytest.raises(ExpiredVersionError, match="desk train --symbol AAPL"):
                ensemble.predict(bars)
        else:
            assert ensemble.predict(bars)["version"] == OLD
