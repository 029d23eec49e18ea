"""Errors come out of other processes as they were: of which kind, with their text and what they know."""

import importlib
import pickle
import pkgutil

import pytest

from ensemble_desk import errors
from ensemble_desk.errors import DeskError

for module in pkgutil.iter_modules(errors.__path__):
    importlib.import_module(f"{errors.__name__}.{module.name}")


def kinds(base: type[DeskError]) -> set[type[DeskError]]:
    return {base}.union(*(kinds(kind) for kind in base.__subclasses__()))


@pytest.mark.parametrize("kind", sorted(kinds(DeskError), key=lambda kind: kind.__name__))
def test_an_error_arrives_as_it_left(kind):
    error = kind.__new__(kind)
    error.args, error.symbol = ("What happened, and what to do.",), "AAPL"
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is kind
    assert str(arrived) == str(error)
    assert arrived.args == ("What happened, and what to do.",)
    assert arrived.symbol == "AAPL"
