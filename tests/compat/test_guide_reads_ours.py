"""The guide's own loader, a plain ``pickle.load`` without this project, reads what we publish."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

from tests.compat.write_fixtures import ours

from ensemble_desk.artifacts.store.folder import ArtifactStore
from ensemble_desk.market.keys import Key

SYMBOLS = ["AAPL", "^GSPC", "BRK.B", "EURUSD=X", "A_B"]

# The guide's lines, with its folder and its symbol replaced by arguments.
GUIDE = """
import pickle, sys
from pathlib import Path

MODELS_DIR = Path(sys.argv[1])

for symbol in sys.argv[2:]:
    pattern = f"{symbol}_d1_*.pkl"
    candidates = list(MODELS_DIR.glob(pattern))
    latest_file = sorted(candidates)[-1]
    with open(latest_file, "rb") as f:
        artifact = pickle.load(f)

    models = {}
    for pkl_file in MODELS_DIR.glob("*.pkl"):
        stem = pkl_file.stem
        parts = stem.rsplit("_", 1)
        if len(parts) == 2:
            models.setdefault(parts[0], []).append(parts[1])
    for key in models:
        models[key].sort(reverse=True)

    assert f"{artifact['symbol']}_{artifact['timeframe']}_{artifact['timestamp']}" == latest_file.stem
    assert models[f"{symbol}_d1"] == ["20250121r02", "20250121", "20250114"]
    assert "lib" not in sys.modules
    print(
        artifact["symbol"],
        artifact["timestamp"],
        f"{artifact.get('ensemble_accuracy'):.1%}",
        sorted(artifact["models"]),
        artifact["models"]["rf"].predict_proba([[0.1, 0.2, 0.3]]).shape,
        artifact["performances"]["rf"]["valid_accuracy"],
    )
"""


def test_the_guide_s_loader_reads_the_newest_of_ours(tmp_path):
    store = ArtifactStore(tmp_path / "models", max_bytes=2**20)
    for symbol in SYMBOLS:
        for day in (14, 21, 21):
            now, key = dt.datetime(2025, 1, day, 22, tzinfo=dt.UTC), Key(symbol, "d1")
            store.publish(ours(key), key=key, date=now.date(), created_at=now)
    command = [sys.executable, "-W", "ignore", "-I", "-c", GUIDE, str(store.folder), *SYMBOLS]
    told = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path("/"))
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        f"{symbol} 20250121r02 42.0% ['arima_garch', 'gb', 'rf'] (1, 3) 0.41" for symbol in SYMBOLS
    ]
