"""The form that tells once what a file does not tell, for operators."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from ensemble_desk.market.features import FEATURE_NAMES
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.folder import sync
from ensemble_desk.registry.index import descriptions, versions
from ensemble_desk.ui.frame import session

KEY, NAME = Key("IBM", "d1"), "20081226"


@pytest.fixture
def plain(folder, registry):
    """A file of another program beside the trained ones, which nobody has described yet."""
    names = list(FEATURE_NAMES[:2])
    table = pd.DataFrame(np.random.default_rng(1).standard_normal((60, 2)), columns=names)
    model = DecisionTreeClassifier(max_depth=2).fit(table, np.resize(["DOWN", "FLAT", "UP"], 60))
    told = {"symbol": "IBM", "timeframe": "d1", "timestamp": NAME, "models": {"tree": model}, "weights": {"tree": 1.0}}
    (folder / f"IBM_d1_{NAME}.pkl").write_bytes(pickle.dumps(told))
    assert len(sync.synchronise(registry).unfit) == 1


def card(open_app):
    return open_app("versions", view="One version", key=str(KEY), version=NAME)


def test_an_operator_tells_it_and_it_goes_live(plain, open_app, texts, registry):
    app = card(open_app)
    assert not app.exception
    assert "its classes" in app.warning[0].value
    app.number_input(key="describe_bars").set_value(5)
    app.number_input(key="describe_limit").set_value(0.009)
    app.text_input(key="describe_until").set_value("version")
    for label, meant in (("DOWN", "BEARISH"), ("FLAT", "NEUTRAL"), ("UP", "BULLISH")):
        app.selectbox(key=f"describe_class_{label}").set_value(meant)
    app.button(key="describe_submit").click().run()
    assert not app.exception
    assert not app.error
    assert "told of IBM/d1" in texts(app)
    record = versions.get(registry, KEY, NAME)
    assert (record.horizon, str(record.state)) == ("1W", "in production")
    (kept,) = descriptions.history(registry, KEY)
    assert kept.description.classes == {"DOWN": "BEARISH", "FLAT": "NEUTRAL", "UP": "BULLISH"}


def test_a_contradiction_is_told_and_nothing_is_kept(plain, open_app, texts, registry):
    app = card(open_app)
    app.number_input(key="describe_bars").set_value(5)
    app.button(key="describe_submit").click().run()
    assert "the move that counts is still unknown" in app.error[-1].value
    assert descriptions.history(registry) == ()


def test_who_may_not_move_production_may_not_describe(plain, open_app, texts, monkeypatch):
    monkeypatch.setattr(session, "actor", lambda _settings: Actor("victor", Role.VIEWER))
    app = card(open_app)
    assert "takes the role operator; you are viewer" in texts(app)
    assert not app.number_input


def test_a_version_of_our_own_has_no_form(folder, open_app):
    app = open_app("versions", view="One version", key="AAPL/d1", version="20021031")
    assert not app.exception
    assert not app.number_input
