"""Members that are damaged in one place, to be loaded or refused."""

import pickle
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from tests.artifacts.conftest import MAX_BYTES

from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.errors import ArtifactCorruptError, ArtifactError, IncompatibleArtifactError

Change = Callable[[Any], object]


def fit_quietly(model: Any, features: Any, classes: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # a few steps of training are no convergence, and parameters may be on their way out
        return model.fit(features, classes)


def dump(model: Any) -> bytes:
    return pickle.dumps({"models": {"m": model}, "weights": {"m": 1.0}})


def load(model: Any) -> Any:
    return loading.load(dump(model), name="x", max_bytes=MAX_BYTES)["models"]["m"]


def refused(model: Any) -> ArtifactError:
    with pytest.raises((ArtifactCorruptError, IncompatibleArtifactError)) as caught:
        load(model)
    assert "Exception" not in str(caught.value)
    return caught.value


def put(*path: Any, to: Any) -> Change:
    """Change what a path of attributes, keys and positions leads to, to a value or by a function of it."""

    def change(model: Any) -> None:
        at, last = model, path[-1]
        for step in path[:-1]:
            at = step_into(at, step)
        now = to(step_into(at, last)) if callable(to) else to
        if isinstance(at, tuple):
            put(*path[:-1], to=(*at[:last], now, *at[last + 1 :]))(model)
        elif isinstance(last, str) and not isinstance(at, dict):
            at.__dict__[last] = now
        else:
            at[last] = now

    return change


def step_into(at: Any, step: Any) -> Any:
    return at.__dict__[step] if isinstance(step, str) and not isinstance(at, dict) else at[step]
