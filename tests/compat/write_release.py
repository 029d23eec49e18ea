"""Write the folder and the database of a release by its own commands, with what it forecast.

Run once from the checkout of a release that is about to land, by an interpreter that has what it needs:

    python tests/compat/write_release.py 0021 tests/compat/files/releases

Two artifacts of the guide's kind are taken from the release before; two versions are trained by the release itself.
``NUMBER.tar.xz`` holds the folder, ``expected.json`` what was live in the end and its probabilities.
"""

import json
import os
import shlex
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

_TOLD = ("version", "probabilities")
_COMMANDS = """
registry sync
train --symbol AAPL --timeframe w1 --as-of 2012-06-29 --members rf
train --symbol AAPL --timeframe w1 --as-of 2012-12-28 --members rf
forecast --all
registry rollback AAPL d1 --reason 'worse than before'
registry rollback AAPL w1 --reason 'worse than before'
forecast --all
registry follow-latest AAPL d1 --reason mended
registry quarantine AAPL d1 20120629 --reason leaks
registry lift AAPL d1 20120629 --reason sound
registry promote AAPL d1 --to 20120629 --reason pinned
replay --symbol AAPL --timeframe w1
outcomes
check-drift
alarms
note --key AAPL/w1 --version 20120629 fine
roles set bob@example.org operator --reason duty
registry describe AAPL/d1 --horizon 1 --threshold 0.01
registry verify
"""


def main(number: str, releases: Path) -> None:
    """Run the commands in a folder of their own, and keep it; what a release does not know yet it refuses."""
    before = max(releases.glob("*.tar.xz"))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / number
        with tarfile.open(before) as packed:
            packed.extractall(scratch, filter="data")
        for file in (Path(scratch) / before.name.partition(".")[0]).glob("AAPL_d1_*.pkl"):
            folder.mkdir(exist_ok=True)
            file.rename(folder / file.name)
        for line in _COMMANDS.strip().splitlines():
            sys.stderr.write(f"{line}\n{_run(folder, *shlex.split(line)).stderr}")
        told = [json.loads(_run(folder, "predict", "AAPL", timeframe, "--json").stdout) for timeframe in ("d1", "w1")]
        with tarfile.open(releases / f"{number}.tar.xz", "w:xz") as packed:
            packed.add(folder, number)
    file = releases / "expected.json"
    expected = json.loads(file.read_text()) if file.exists() else {}
    expected[number] = [{name: one[name] for name in _TOLD} for one in told]
    file.write_text(json.dumps(expected, indent=1) + "\n")


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"DESK_MODELS_URL": str(folder), "DESK_BARS_SOURCE": "sample", "DESK_ACTOR": "ann"}
    command = [sys.executable, "-m", "ensemble_desk", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
