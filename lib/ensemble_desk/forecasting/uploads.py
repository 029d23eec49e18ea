"""What a person uploads to be forecast, as one version needs it: ready features when it has them all, else bars."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from ensemble_desk.market.keys import Key
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.opening import Registry
from ensemble_desk.sources.upload import reading as upload
from ensemble_desk.sources.upload.recognition import Recognised


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person said about an upload that leaves a question open, as `recognise_bars` takes it."""

    ticker: str | None = None
    day_first: bool | None = None
    time_zone: str | None = None
    resample: bool = False
    leave_out: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Uploaded:
    """A frame to forecast, and how its bars were recognised; None for a table of ready features."""

    frame: pd.DataFrame
    recognised: Recognised | None


def read(
    registry: Registry,
    key: Key,
    version: str,
    content: bytes,
    *,
    file_name: str,
    answers: Answers = Answers(),
    now: datetime,
) -> Uploaded:
    """Read an upload for one version.

    Raises
    ------
    UploadError
        AmbiguousDatesError, SeveralTickersError and OtherTimeframeError are the kinds that an answer settles.
    InvalidBarsError
        An answer settles it where rows are separable.
    """
    limit = int(registry.settings.max_upload_mb * 2**20)
    names = versions.manifest(registry, key, version).get("feature_names")
    if names is None or set(names) <= set(upload.column_names(content, file_name=file_name, max_bytes=limit)):
        table = upload.read_table(content, file_name=file_name, max_bytes=limit, day_first=answers.day_first)
        return Uploaded(table, None)
    found = upload.recognise_bars(
        content,
        file_name=file_name,
        key=key,
        max_bytes=limit,
        ticker=answers.ticker,
        day_first=answers.day_first,
        time_zone=answers.time_zone,
        resample=answers.resample,
        leave_out=answers.leave_out,
        now=now,
    )
    return Uploaded(found.bars.frame, found)
