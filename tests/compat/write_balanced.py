"""Write an artifact whose members are of imbalanced-learn, with the probabilities that they gave; run once per release.

python tests/compat/write_balanced.py tests/compat/balanced    # in an environment with imbalanced-learn
"""

import gzip
import json
import pickle
import sys
import warnings
from pathlib import Path

import imblearn
import sklearn
from imblearn.combine import SMOTEENN
from imblearn.ensemble import BalancedBaggingClassifier, BalancedRandomForestClassifier, EasyEnsembleClassifier
from imblearn.over_sampling import SMOTE, KMeansSMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import RandomUnderSampler, TomekLinks
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from write_old_releases import rows


def members():
    """Give the members, unfitted."""
    tree = DecisionTreeClassifier(max_depth=2, random_state=1)
    every = {"sampling_strategy": "all", "replacement": True, "bootstrap": False}
    return {
        "smote": make_pipeline(StandardScaler(), SMOTE(random_state=1), LogisticRegression()),
        "first": make_pipeline(SMOTE(random_state=1), StandardScaler(), LogisticRegression()),
        "clusters": make_pipeline(KMeansSMOTE(cluster_balance_threshold=0.01, random_state=1), LogisticRegression()),
        "drawn": make_pipeline(RandomOverSampler(random_state=1), RandomUnderSampler(random_state=1), tree),
        "cleaned": make_pipeline(TomekLinks(), SMOTEENN(random_state=1), tree),
        "searched": GridSearchCV(make_pipeline(SMOTE(random_state=1), LogisticRegression()), {}, cv=2),
        "calibrated": CalibratedClassifierCV(make_pipeline(SMOTE(random_state=1), LogisticRegression()), cv=2),
        "forest": BalancedRandomForestClassifier(3, max_depth=3, random_state=1, **every),
        "easy": EasyEnsembleClassifier(2, random_state=1),
        "bags": BalancedBaggingClassifier(tree, n_estimators=2, random_state=1),
    }


def main(folder):
    warnings.simplefilter("ignore")
    features, labels = rows()
    fitted = {name: member.fit(features, labels) for name, member in members().items()}
    target = Path(folder) / imblearn.__version__
    target.mkdir(parents=True, exist_ok=True)
    content = {"models": fitted, "weights": dict.fromkeys(fitted, 1.0)}
    (target / "members.pkl").write_bytes(gzip.compress(pickle.dumps(content, protocol=4), mtime=0))
    asked = features[:5]
    given = {name: model.predict_proba(asked).tolist() for name, model in fitted.items()}
    told = {"scikit-learn": sklearn.__version__, "columns": list(features), "rows": asked.to_numpy().tolist()}
    (target / "expected.json").write_text(json.dumps({**told, "probabilities": given}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
