"""A team's own features by name: functions that settings or installed packages name, and imported rows."""

import hashlib
import importlib
import inspect
from collections.abc import Mapping

from ensemble_desk.database.opening import Database
from ensemble_desk.errors import FeatureSetError
from ensemble_desk.market.feature_sets import FeatureSet

GROUP = "ensemble_desk.features"
"""The group of entry points by which an installed package names its functions."""


def places(chosen: Mapping[str, str]) -> dict[str, str]:
    """Give ``package.module:function`` by name; those of the settings come before those of packages."""
    from importlib import metadata  # it takes longer to import than a forecast takes

    installed = {point.name: point.value for point in metadata.entry_points(group=GROUP)}
    return dict(sorted((installed | dict(chosen)).items()))


def find(name: str, chosen: Mapping[str, str], *, database: Database | None = None) -> FeatureSet:
    """Import the function of a name, or look in the database for imported rows of it.

    Raises
    ------
    FeatureSetError
        When there is neither, or the function cannot be imported.
    """
    place = places(chosen).get(name)
    if place is None:
        if database is not None:
            from ensemble_desk.sources import stored_features

            if (stored := stored_features.find(database, name)) is not None:
                return stored
        problem = f"there is none of that name; there {_are(list(places(chosen)))}"
        raise FeatureSetError(name, problem)
    module_name, _, function_name = place.partition(":")
    try:
        module = importlib.import_module(module_name)
        function = getattr(module, function_name)
        source = inspect.getsource(module)
    except Exception as error:
        problem = f"{place} cannot be imported ({type(error).__name__}: {error})"
        raise FeatureSetError(name, problem) from error
    if not callable(function):
        problem = f"{place} is no function"
        raise FeatureSetError(name, problem)
    return FeatureSet(name, function, hashlib.sha256(source.encode()).hexdigest(), place)


def _are(names: list[str]) -> str:
    return f"are {', '.join(names)}" if names else "is none at all"
