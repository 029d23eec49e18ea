"""What is alive after the warm-up is passed over by later collections; what comes later is collected."""

import gc
import tomllib
import weakref
from pathlib import Path

import pytest
from streamlit import config

from ensemble_desk.ui.server import warmth

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def thawed():
    yield
    gc.unfreeze()


class Knot:
    def __init__(self):
        self.itself = self


def test_collections_pass_over_what_is_settled_and_collect_what_is_newer(thawed):
    settled = Knot()
    warmth.settle()
    assert gc.get_freeze_count() > 10_000
    seen, newer = weakref.ref(settled), Knot()
    fresh = weakref.ref(newer)
    del settled, newer
    gc.collect()
    assert seen() is not None
    assert fresh() is None


def test_streamlit_leaves_collecting_to_python():
    told = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert told["runner"]["postScriptGC"] is False
    assert "runner.postScriptGC" in config.get_config_options()
    assert gc.isenabled()
