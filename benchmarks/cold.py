"""One process from cold, started by rows_loading: ``python -m benchmarks.cold ours|guide FOLDER FEATURES.csv``."""

import json
import sys
from pathlib import Path


def ours(folder: Path, features: Path) -> dict[str, object]:
    import pandas as pd

    from ensemble_desk import loader
    from ensemble_desk.settings import Settings

    loader.use(Settings(models_url=str(folder), database_url=""))
    ensemble = loader.get_production_ensemble_with_trained_weights("AAPL", "d1")
    return ensemble.predict(pd.read_csv(features, index_col=0, parse_dates=True))


def by_guide(folder: Path, features: Path) -> dict[str, object]:
    import pandas as pd
    from benchmarks import guide

    artifact = guide.Loader(folder).load_latest_model("AAPL", "d1")
    if artifact is None:
        raise FileNotFoundError(folder)
    return guide.Ensemble(artifact).predict(pd.read_csv(features, index_col=0, parse_dates=True))


if __name__ == "__main__":
    side, *paths = sys.argv[1:]
    found = {"ours": ours, "guide": by_guide}[side](*map(Path, paths))
    print(json.dumps({"probabilities": found["probabilities"], "label": found["label"]}))
