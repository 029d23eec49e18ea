"""Estimators whose state is a few arrays in the allow-list: linear ones, discriminants, naive Bayes, perceptrons."""

from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.families import parts
from ensemble_desk.artifacts.safe_loading.allow_list.families.parts import Entry
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import expect

_TWO = 2  # classes that share one row, or one output
_MOST_LAYERS = 64
_WIDEST = 2**13  # of a layer; each of its numbers is made anew in every row
_ACTIVATIONS = ("identity", "tanh", "logistic", "relu")


def linear(made: Any) -> None:
    """Check a linear classifier: one row of coefficients for each class, or one for two classes."""
    parts.single_threaded(made)
    if "coef_" not in made.__dict__:
        return
    n_features, n_classes = parts.features(made), parts.classes(made)
    rows, start = n_classes if n_classes > _TWO else 1, made.__dict__.get("intercept_")
    flat = rows == 1 and np.ndim(made.coef_) == 1  # as ridge regressions keep the only row
    parts.floats(made.coef_, (n_features,) if flat else (rows, n_features), "a regression", "coef_")
    if type(start) is not float or start:  # no array without an intercept
        parts.floats(start, (rows,), "a regression", "intercept_")


def counts(made: Any) -> None:
    """Check a naive Bayes of counts or marks: a logarithm for each class and feature, and one for each class."""
    if "feature_log_prob_" not in made.__dict__:
        return
    subject = "a naive Bayes"
    n_features, n_classes = parts.features(made), parts.classes(made)
    parts.held(made, {"feature_log_prob_": (n_classes, n_features), "class_log_prior_": (n_classes,)}, subject)
    limit = made.__dict__.get("binarize")
    expect(limit is None or parts.is_finite(limit), subject, "binarize")


def regression(made: Any) -> None:
    """Check a linear regression, which only chooses features for a classifier: one row of coefficients."""
    if "coef_" not in made.__dict__:
        return
    shape = np.shape(made.coef_)
    expect(shape in ((parts.features(made),), (1, parts.features(made))), "a regression", "coef_")
    parts.floats(made.coef_, shape, "a regression", "coef_")


def quadratic(made: Any) -> None:
    """Check a quadratic discriminant: for each class a mean, rotations and the variances along them."""
    if "means_" not in made.__dict__:
        return
    subject = "a discriminant"
    n_features, n_classes = parts.features(made), parts.classes(made)
    parts.held(made, {"means_": (n_classes, n_features), "priors_": (n_classes,)}, subject)
    rotations, scalings = made.__dict__.get("rotations_"), made.__dict__.get("scalings_")
    expect(type(rotations) is type(scalings) is list, subject, "rotations")
    expect(len(rotations) == len(scalings) == n_classes, subject, "rotations")
    for rotation, scaling in zip(rotations, scalings, strict=True):
        width = np.shape(scaling)
        expect(len(width) == 1 and width[0] <= n_features, subject, "scalings")
        parts.floats(rotation, (n_features, *width), subject, "rotations")
        expect((parts.floats(scaling, width, subject, "scalings") >= 0).all(), subject, "scalings")


def bayes(made: Any) -> None:
    """Check a Gaussian naive Bayes: a mean and a variance for each class and feature."""
    if "theta_" not in made.__dict__:
        return
    subject = "a naive Bayes"
    n_features, n_classes = parts.features(made), parts.classes(made)
    shape = (n_classes, n_features)
    parts.held(made, {"theta_": shape, "var_": shape, "class_prior_": (n_classes,)}, subject)
    expect((made.var_ > 0).all() and (made.class_prior_ >= 0).all(), subject, "variances")


def perceptron(made: Any) -> None:
    """Check a perceptron: every layer as wide as the next one reads."""
    if "coefs_" not in made.__dict__:
        return
    subject = "a perceptron"
    width, n_classes = parts.features(made), parts.classes(made)
    n_outputs = n_classes if n_classes > _TWO else 1
    parts.one_of(made, "activation", _ACTIVATIONS, subject)
    parts.one_of(made, "out_activation_", ("softmax" if n_outputs > 1 else "logistic",), subject)
    weights, shifts = made.coefs_, made.__dict__.get("intercepts_")
    expect(type(weights) is type(shifts) is list and 0 < len(weights) <= _MOST_LAYERS, subject, "layers")
    expect(len(weights) == len(shifts) == parts.count(made, "n_layers_") - 1, subject, "layers")
    for weight, shift in zip(weights, shifts, strict=True):
        wide = np.shape(shift)
        expect(len(wide) == 1 and 0 < wide[0] <= _WIDEST, subject, "layers")
        parts.floats(weight, (width, *wide), subject, "layers")
        parts.floats(shift, wide, subject, "layers")
        width = wide[0]
    expect(width == n_outputs == parts.count(made, "n_outputs_"), subject, "outputs")


_DESCENT = "sklearn.linear_model._coordinate_descent"
REGRESSIONS: tuple[Entry, ...] = (
    *((_DESCENT, name, regression) for name in ("Lasso", "LassoCV", "ElasticNet", "ElasticNetCV")),
    *(("sklearn.linear_model._ridge", name, regression) for name in ("Ridge", "RidgeCV")),
    ("sklearn.linear_model._base", "LinearRegression", regression),
)
ENTRIES: tuple[Entry, ...] = (
    *REGRESSIONS,
    ("sklearn.linear_model._logistic", "LogisticRegression", linear),
    ("sklearn.linear_model._logistic", "LogisticRegressionCV", linear),
    ("sklearn.linear_model._stochastic_gradient", "SGDClassifier", linear),
    ("sklearn.linear_model._ridge", "RidgeClassifier", linear),
    ("sklearn.linear_model._ridge", "RidgeClassifierCV", linear),
    ("sklearn.linear_model._perceptron", "Perceptron", linear),
    ("sklearn.linear_model._passive_aggressive", "PassiveAggressiveClassifier", linear),
    ("sklearn.svm._classes", "LinearSVC", linear),
    ("sklearn.discriminant_analysis", "LinearDiscriminantAnalysis", linear),
    ("sklearn.discriminant_analysis", "QuadraticDiscriminantAnalysis", quadratic),
    ("sklearn.naive_bayes", "GaussianNB", bayes),
    *(("sklearn.naive_bayes", name, counts) for name in ("BernoulliNB", "MultinomialNB", "ComplementNB")),
    ("sklearn.neural_network._multilayer_perceptron", "MLPClassifier", perceptron),
)
