"""A program of its own that publishes into a bucket: URL, file of the content, how many, and the step to die after."""

import datetime as dt
import os
import pickle
import signal
import sys
from pathlib import Path

from ensemble_desk.artifacts.store.bucket import Bucket
from ensemble_desk.artifacts.store.kept_objects import KeptObjects
from ensemble_desk.artifacts.store.objects import ObjectStore
from ensemble_desk.market.keys import Key


def main(url: str, content: str, n: str, last_step: str) -> None:
    def on_step(name: str) -> None:
        if name == last_step:
            os.kill(os.getpid(), signal.SIGKILL)

    store = ObjectStore(Bucket(url), max_bytes=2**24, kept=KeptObjects(Path("unused"), 0), on_step=on_step)
    whole = pickle.loads(Path(content).read_bytes())
    sys.stdin.readline()  # so that all begin at once
    for _ in range(int(n)):
        day, at = dt.date(2025, 1, 21), dt.datetime(2025, 1, 21, 22, 15, tzinfo=dt.UTC)
        print(store.publish(whole, key=Key("AAPL", "d1"), date=day, created_at=at).version, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
