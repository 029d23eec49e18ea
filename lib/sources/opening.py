"""Opening the source of bars that the settings name."""

from lib.settings import Settings
from lib.sources.protocol import BarSource
from lib.sources.sample import SampleSource


def open_source(settings: Settings) -> BarSource:
    sources: dict[str, type[BarSource]] = {"sample": SampleSource}
    return sources[settings.bars_source]()
