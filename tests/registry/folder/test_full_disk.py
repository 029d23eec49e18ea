"""Pruning works on a disk that is full, a small one of its own; without the room set aside it is refused in words."""

import os
import pickle
import shutil
import subprocess
import sys

import pytest
from tests.conftest import ROOT
from tests.registry.conftest import lean

_ALONE = ["unshare", "--user", "--map-root-user", "--mount"]
_PROGRAM = """
import datetime as dt, os, pickle, subprocess, sys
from pathlib import Path
from ensemble_desk import settings
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.folder import registering, reserve

disk, content, with_room = sys.argv[1:]
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "none", disk], check=True)
os.environ["DESK_MODELS_URL"] = f"{disk}/models"
found = settings.load()
with opening.open_registry(found) as registry:
    for day in range(1, 6):
        now = dt.datetime.now(dt.UTC)
        done = registry.store.publish(
            pickle.loads(Path(content).read_bytes()), key=Key("AAPL", "d1"), date=dt.date(2025, 1, day), created_at=now
        )
        registering.register(registry, done, actor="trainer")
if with_room == "yes":
    reserve.keep(found)
with open(f"{disk}/filler", "wb", buffering=0) as filler:
    try:
        while True:
            filler.write(bytes(4096))
    except OSError:
        pass
command = [sys.executable, "-m", "ensemble_desk", "registry", "prune", "AAPL", "d1", "--keep", "1", "--apply"]
pruned = subprocess.run([*command, "--reason", "the disk is full"])
print(sorted(file.name for file in Path(f"{disk}/models").glob("*.pkl")))
os.unlink(f"{disk}/filler")
verified = subprocess.run([sys.executable, "-m", "ensemble_desk", "registry", "verify"])
print(pruned.returncode, verified.returncode)
"""


@pytest.mark.parametrize("with_room", ["yes", "no"])
def test_pruning_on_a_full_disk(content, tmp_path, with_room):
    if shutil.which("unshare") is None or subprocess.run([*_ALONE, "true"], check=False).returncode:
        pytest.skip("a disk of its own takes a namespace, which this machine does not give")
    (tmp_path / "disk").mkdir()
    (tmp_path / "content.pkl").write_bytes(pickle.dumps(lean(content)))
    environment = os.environ | {"PYTHONPATH": str(ROOT / "lib")}
    command = [*_ALONE, sys.executable, "-c", _PROGRAM, tmp_path / "disk", tmp_path / "content.pkl", with_room]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    files, codes = _told(done.stdout)
    if with_room == "yes":
        assert codes == "0 0", done.stderr
        assert files.count(".pkl") < 5
    else:
        assert codes == "1 0", done.stderr
        assert "Traceback" not in done.stderr


def _told(text):
    lines = text.splitlines()
    files = next(line for line in lines if line.startswith("['"))
    return files, lines[-1]
