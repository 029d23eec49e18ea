"""Estimators of imbalanced-learn: it balances the rows of training alone, and what answers is scikit-learn's."""

from collections.abc import Callable, Iterator
from typing import Any

from ensemble_desk.artifacts.safe_loading.allow_list.families import estimators, parts
from ensemble_desk.artifacts.safe_loading.allow_list.families.parts import Check
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import Builder, Recipe, RefusedError, expect, state_of
from ensemble_desk.artifacts.safe_loading.allow_list.unhashed import Pairs

Build = Callable[[Builder, Recipe], Any]

_OF_TRAINING = ("samplers_", "pipelines_", "base_sampler_")
_UNDER = "imblearn.under_sampling._prototype_selection"
_SAMPLERS = {
    "imblearn.over_sampling._smote.base": ("SMOTE", "SMOTEN", "SMOTENC"),
    "imblearn.over_sampling._smote.filter": ("BorderlineSMOTE", "SVMSMOTE"),
    "imblearn.over_sampling._smote.cluster": ("KMeansSMOTE",),
    "imblearn.over_sampling._adasyn": ("ADASYN",),
    "imblearn.over_sampling._random_over_sampler": ("RandomOverSampler",),
    "imblearn.under_sampling._prototype_generation._cluster_centroids": ("ClusterCentroids",),
    f"{_UNDER}._random_under_sampler": ("RandomUnderSampler",),
    f"{_UNDER}._tomek_links": ("TomekLinks",),
    f"{_UNDER}._nearmiss": ("NearMiss",),
    f"{_UNDER}._edited_nearest_neighbours": ("AllKNN", "EditedNearestNeighbours", "RepeatedEditedNearestNeighbours"),
    f"{_UNDER}._condensed_nearest_neighbour": ("CondensedNearestNeighbour",),
    f"{_UNDER}._neighbourhood_cleaning_rule": ("NeighbourhoodCleaningRule",),
    f"{_UNDER}._one_sided_selection": ("OneSidedSelection",),
    f"{_UNDER}._instance_hardness_threshold": ("InstanceHardnessThreshold",),
    "imblearn.combine._smote_tomek": ("SMOTETomek",),
    "imblearn.combine._smote_enn": ("SMOTEENN",),
}
_WITHIN_SAMPLERS = {  # never made, and refused wherever they would be
    "sklearn.neighbors._unsupervised": ("NearestNeighbors",),
    "sklearn.cluster._kmeans": ("KMeans", "MiniBatchKMeans"),
}


class Balancing:
    """Stands for what balances rows in training, and is passed over when the estimator is asked."""


def names() -> Iterator[tuple[str, str, Build]]:
    """Give every name with the function that makes it."""
    forest = estimators.forest("DecisionTreeClassifier")
    yield "imblearn.pipeline", "Pipeline", _as("sklearn.pipeline", "Pipeline", _without_balancing)
    yield (
        "imblearn.ensemble._forest",
        "BalancedRandomForestClassifier",
        _as("sklearn.ensemble._forest", "RandomForestClassifier", forest),
    )
    for module, name in (("_easy_ensemble", "EasyEnsembleClassifier"), ("_bagging", "BalancedBaggingClassifier")):
        made = _as("sklearn.ensemble._bagging", "BaggingClassifier", parts.unchecked)
        yield f"imblearn.ensemble.{module}", name, made
    for table, build in ((_SAMPLERS, _sampler), (_WITHIN_SAMPLERS, _unread)):
        for module, several in table.items():
            for name in several:
                yield module, name, build


def _as(module: str, name: str, check: Check) -> Build:
    """Give the function that makes of an estimator the one of scikit-learn that it is, but for its training."""
    make = estimators.estimator(module, name, check)

    def build(builder: Builder, given: Recipe) -> Any:
        state = state_of(given)
        expect(type(state) is dict, "an estimator", "state")
        given.state = Pairs(part for pair in state.items() if pair[0] not in _OF_TRAINING for part in pair)
        return make(builder, given)

    return build


def _without_balancing(made: Any) -> None:
    steps = made.__dict__.get("steps")
    if type(steps) is list:
        made.steps = [one for one in steps if not (type(one) is tuple and one and type(one[-1]) is Balancing)]


def _sampler(_builder: Builder, _given: Recipe) -> Balancing:
    return Balancing()


def _unread(_builder: Builder, given: Recipe) -> Any:
    raise RefusedError(asked_for=given.asked_for)
