"""An analyst's own file: 500 bars uploaded on the predict page, from the click to the whole page."""

import os
import time

from benchmarks import pages, results, timing
from benchmarks.fixtures import AAPL, Bench
from benchmarks.results import Row
from benchmarks.server import ROOT
from streamlit.testing.v1 import AppTest

from ensemble_desk.sources.sample import SampleSource

N_BARS = 500
MOST_SECONDS = 2.0


def upload(bench: Bench) -> list[Row]:
    """Another file each time, so that nothing of it is remembered; the page has been open before."""
    os.environ |= {"DESK_MODELS_URL": str(pages.trained(bench)), "DESK_DATABASE_URL": "", "DESK_BARS_SOURCE": "sample"}
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page("pages/predict.py")
    app.query_params["key"], app.query_params["bars"] = str(AAPL), "Upload"
    app.run()
    taken = [_seconds(app, number) for number in range(bench.scale.repeats + 1)]
    what = f"upload of {N_BARS} bars on the predict page (AppTest): read, checked, forecast, drawn"
    return [results.within(what, timing.Sample.of(taken[1:]), target=MOST_SECONDS)]


def _seconds(app: AppTest, number: int) -> float:
    bars = SampleSource().bars(AAPL).frame.iloc[-N_BARS - number : -number or None]
    content = bars.reset_index().to_csv(index=False).encode()
    began = time.perf_counter()
    app.file_uploader(key="upload").upload(f"aapl-{number}.csv", content).run()
    took = time.perf_counter() - began
    if app.exception or app.error or not app.metric:
        message = f"the page shows {[error.value for error in (*app.exception, *app.error)]}"
        raise RuntimeError(message)
    return took
