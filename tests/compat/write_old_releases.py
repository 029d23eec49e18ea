"""Write small artifacts as older releases of scikit-learn do, with the probabilities that the release gave.

Run once by the interpreter of an environment with that release; nothing of this project is imported:

    python tests/compat/write_old_releases.py tests/compat/files/old

Each file ``FAMILY_d1_20250121.pkl`` in the folder of its release is an artifact with the guide's keys, gzipped when it
is over 8 KB; ``expected.json`` beside it holds the asked rows, and of each member the classes and the probabilities.
"""

import gzip
import json
import pickle
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, FastICA, IncrementalPCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, VarianceThreshold
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC, NuSVC
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

FEATURES = ["rsi", "macd", "volatility_20"]
DAY = "20250121"
MOST_BYTES = 8192


def rows():
    random = np.random.default_rng(2025)
    features = pd.DataFrame(random.normal(size=(80, 3)), columns=FEATURES).round(3)
    score = features["rsi"] + random.normal(scale=0.8, size=80)
    return features, np.where(score < -0.5, "BEARISH", np.where(score > 0.5, "BULLISH", "NEUTRAL"))


def forest(n_trees=3):
    return RandomForestClassifier(n_trees, max_depth=3, random_state=1)


def boosting(**more):
    return GradientBoostingClassifier(n_estimators=2, max_depth=2, random_state=1, **more)


def logistic(**more):
    return LogisticRegression(**more)


def if_known(kind, **told):
    """Give the parameters that this release has."""
    return {name: value for name, value in told.items() if name in kind().get_params()}


def families():
    """Give the members of each file, unfitted."""
    return {
        "TREES": {
            "rf": forest(),
            "rf_balanced": RandomForestClassifier(2, max_depth=3, class_weight="balanced", random_state=1),
            "et": ExtraTreesClassifier(3, max_depth=3, random_state=1),
            "tree": DecisionTreeClassifier(max_depth=3, random_state=1),
            "extra_tree": ExtraTreeClassifier(max_depth=3, random_state=1),
        },
        "BOOSTING": {
            "gb": boosting(),
            "gb_zero": boosting(init="zero", subsample=0.5),
        },
        "HIST": {
            "hist": HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=5, max_bins=15, random_state=1),
        },
        "LINEAR": {
            "logistic": logistic(),
            "logistic_ovr": logistic(**if_known(LogisticRegression, multi_class="ovr")),
            "logistic_liblinear": make_pipeline(StandardScaler(), one_against_rest()),
            "logistic_cv": LogisticRegressionCV(cv=3, Cs=2),
            "sgd": SGDClassifier(loss="log_loss", random_state=1),
            "sgd_huber": SGDClassifier(loss="modified_huber", random_state=1),
            "lda": LinearDiscriminantAnalysis(),
            "lda_lsqr": LinearDiscriminantAnalysis(solver="lsqr"),
            "qda": QuadraticDiscriminantAnalysis(),
        },
        "PIPELINES": {
            "standard": make_pipeline(StandardScaler(), logistic()),
            "minmax": make_pipeline(MinMaxScaler(clip=True), forest(2)),
            "robust": make_pipeline(RobustScaler(), logistic()),
            "maxabs": make_pipeline(MaxAbsScaler(), logistic()),
            "imputed": make_pipeline(SimpleImputer(strategy="median", add_indicator=False), boosting()),
            "reduced": make_pipeline(StandardScaler(), PCA(2), logistic()),
            "whitened": make_pipeline(PCA(2, whiten=True), logistic()),
            "chosen": make_pipeline(SelectKBest(k=2), VarianceThreshold(), logistic()),
            "columns": make_pipeline(
                ColumnTransformer(
                    [("scaled", StandardScaler(), ["macd", "rsi"]), ("gone", "drop", ["rsi"])], remainder="passthrough"
                ),
                logistic(),
            ),
            "searched": GridSearchCV(
                make_pipeline(StandardScaler(), logistic()),
                {"logisticregression__C": [0.1, 1.0]},
                cv=TimeSeriesSplit(2),
            ),
            "within": make_pipeline(make_pipeline(StandardScaler(), "passthrough"), logistic()),
        },
        "CALIBRATED": {
            "sigmoid": CalibratedClassifierCV(forest(2), cv=2),
            "isotonic": CalibratedClassifierCV(logistic(), method="isotonic", cv=KFold(2)),
            "once": CalibratedClassifierCV(make_pipeline(StandardScaler(), logistic()), cv=2, ensemble=False),
            "from_scores": CalibratedClassifierCV(SGDClassifier(random_state=1), cv=2),
            "from_ridge": CalibratedClassifierCV(RidgeClassifier(), cv=2),
            "from_machine": CalibratedClassifierCV(LinearSVC(random_state=1), cv=2),
        },
        "COMBINED": {
            "voting": VotingClassifier([("rf", forest(2)), ("lr", logistic())], voting="soft", weights=[2, 1]),
            "stacking": StackingClassifier([("rf", forest(2)), ("gb", boosting()), ("none", "drop")], cv=2),
            "stacking_passthrough": StackingClassifier([("lr", logistic())], cv=2, passthrough=True),
            "bagging": BaggingClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=2, random_state=1),
            "bagging_features": BaggingClassifier(logistic(), n_estimators=3, max_features=2, random_state=1),
            "adaboost": AdaBoostClassifier(n_estimators=3, random_state=1),
            "adaboost_votes": AdaBoostClassifier(
                n_estimators=3, random_state=1, **if_known(AdaBoostClassifier, algorithm="SAMME")
            ),
        },
        "SMOOTH": {
            "nb": GaussianNB(),
            "mlp": MLPClassifier((4,), max_iter=5, random_state=1),
            "mlp_sgd": MLPClassifier((3, 2), max_iter=5, solver="sgd", activation="tanh", random_state=1),
        },
        "NEIGHBOURS": {
            "knn": KNeighborsClassifier(5),
            "knn_kd": KNeighborsClassifier(7, algorithm="kd_tree", weights="distance", leaf_size=5),
            "knn_ball": KNeighborsClassifier(7, algorithm="ball_tree", p=1, leaf_size=10),
            "knn_brute": KNeighborsClassifier(5, algorithm="brute"),
        },
        "MACHINES": {
            "svc": SVC(probability=True, random_state=1),
            "svc_linear": SVC(kernel="linear", probability=True, random_state=1),
            "nusvc": NuSVC(nu=0.3, probability=True, random_state=1),
            "svc_poly": make_pipeline(StandardScaler(), SVC(kernel="poly", degree=2, probability=True, random_state=1)),
        },
    }


def later_families():
    """Give the members of two more files, unfitted: votes of one class against others, and what stands before."""
    before = {
        "quantiles": QuantileTransformer(n_quantiles=9, output_distribution="normal"),
        "powers": PowerTransformer(),
        "norms": Normalizer(),
        "parts": IncrementalPCA(2),
        "svd": TruncatedSVD(2, random_state=1),
        "ica": FastICA(2, random_state=1),
        "nystroem": Nystroem(n_components=4, random_state=1),
        "by_weights": SelectFromModel(logistic()),
        "rfe": RFE(logistic(), n_features_to_select=2),
        "products": PolynomialFeatures((2, 3), interaction_only=True),
        "splines": SplineTransformer(3, extrapolation="linear"),
        "periodic": SplineTransformer(5, extrapolation="periodic", include_bias=False),
        "bins": KBinsDiscretizer(3),
        "codes": make_pipeline(KBinsDiscretizer(3, encode="ordinal"), OneHotEncoder(drop="first")),
        "numbers": make_pipeline(KBinsDiscretizer(3, encode="ordinal"), OrdinalEncoder()),
        "union": FeatureUnion([("a", StandardScaler()), ("b", "passthrough"), ("c", MissingIndicator(features="all"))]),
        "function": FunctionTransformer(np.tanh),
        "filled": make_pipeline(KNNImputer(n_neighbors=3, add_indicator=True)),
    }
    return {
        "AGAINST": {
            "rest": OneVsRestClassifier(logistic()),
            "rest_of_forests": OneVsRestClassifier(forest(2)),
            "pairs": CalibratedClassifierCV(OneVsOneClassifier(logistic()), cv=2),
            "machine": CalibratedClassifierCV(SVC(), cv=2),
            "ridges": CalibratedClassifierCV(RidgeClassifierCV(), cv=2),
            "bag_of_machines": BaggingClassifier(SVC(), n_estimators=2, random_state=1),
            "bernoulli": BernoulliNB(),
            "multinomial": make_pipeline(MinMaxScaler(), MultinomialNB()),
            "categories": make_pipeline(
                KBinsDiscretizer(4, encode="ordinal"),
                HistGradientBoostingClassifier(
                    max_iter=2, max_leaf_nodes=4, categorical_features=[0, 2], random_state=1
                ),
            ),
        },
        "BEFORE": {name: make_pipeline(made, logistic()) for name, made in before.items()},
    }


def of_two_classes():
    """Give members for two classes, unfitted: many have states and rules of their own for them."""
    return {
        "gb": boosting(),
        "gb_exponential": boosting(loss="exponential"),
        "hist": HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=4, max_bins=7, random_state=1),
        "logistic": logistic(),
        "logistic_softmax": logistic(**if_known(LogisticRegression, multi_class="multinomial")),
    }


def of_two_classes_too():
    """Give more members for two classes."""
    return {
        "lda": LinearDiscriminantAnalysis(),
        "mlp": MLPClassifier((3,), max_iter=5, random_state=1),
        "svc": make_pipeline(PCA(2), SVC(probability=True, random_state=1)),
        "sigmoid": CalibratedClassifierCV(forest(2), cv=2),
        "isotonic": CalibratedClassifierCV(logistic(), method="isotonic", cv=2),
        "stacking": StackingClassifier([("rf", forest(2)), ("lr", logistic())], cv=2),
        "adaboost": AdaBoostClassifier(n_estimators=2, random_state=1),
        "adaboost_votes": AdaBoostClassifier(
            n_estimators=2, random_state=1, **if_known(AdaBoostClassifier, algorithm="SAMME")
        ),
    }


def one_against_rest():
    """Give a regression of two classes' own solver; releases from 1.8 refuse it for three."""
    if "multi_class" in LogisticRegression().get_params():
        return LogisticRegression(solver="liblinear")
    return LogisticRegression()


def artifact(family, models):
    return {
        "symbol": family,
        "timeframe": "d1",
        "timestamp": DAY,
        "models": models,
        "weights": dict.fromkeys(models, 1 / len(models)),
        "ensemble_accuracy": 0.5,
        "performances": {name: {"train_accuracy": 0.6, "valid_accuracy": 0.5, "n_features": 3} for name in models},
        "model_predictions_sample": {},
    }


def main(folder):
    warnings.simplefilter("ignore")
    features, labels = rows()
    asked = features[:3]
    target = Path(folder) / sklearn.__version__
    target.mkdir(parents=True, exist_ok=True)
    given = {}
    tasks = {family: (members, labels) for family, members in (families() | later_families()).items()}
    two = np.where(labels == "BULLISH", "BULLISH", "BEARISH")
    tasks |= {"TWO": (of_two_classes(), two), "TWO_B": (of_two_classes_too(), two)}
    for family, (members, wanted) in tasks.items():
        fitted = {name: member.fit(features, wanted) for name, member in members.items()}
        name, data = f"{family}_d1_{DAY}.pkl", pickle.dumps(artifact(family, fitted), protocol=4)
        (target / name).write_bytes(gzip.compress(data, mtime=0) if len(data) > MOST_BYTES else data)
        given[name] = {
            member: {"classes": model.classes_.tolist(), "probabilities": model.predict_proba(asked).tolist()}
            for member, model in fitted.items()
        }
    told = {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "rows": asked.to_numpy().tolist()}
    (target / "expected.json").write_text(json.dumps({**told, "columns": FEATURES, "files": given}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
