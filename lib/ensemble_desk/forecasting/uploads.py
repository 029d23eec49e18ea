"""What a person uploads to be forecast, as one version needs it: ready features when it has them all, else bars."""

from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd

from ensemble_desk.market.keys import Key
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.opening import Registry
from ensemble_desk.sources import kept_mappings, sessions
from ensemble_desk.sources.kept_mappings import KeptMapping
from ensemble_desk.sources.upload import reading as upload
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.recognition import Recognised


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

    A mapping that was kept for files of this shape answers what nobody said.

    Raises
    ------
    UploadError
        The kinds that an answer settles are those of `recognise_bars`.
    InvalidBarsError
        An answer settles it where rows are separable, repeated or out of order.
    """
    limit = int(registry.settings.max_upload_mb * 2**20)
    names = versions.manifest(registry, key, version).get("feature_names")
    if names is None or set(names) <= set(upload.column_names(content, file_name=file_name, max_bytes=limit)):
        table = upload.read_table(content, file_name=file_name, max_bytes=limit, day_first=answers.day_first)
        return Uploaded(table, None)
    kept = kept_mappings.fitting(
        registry.database, upload.shape_of(upload.opened(content, file_name=file_name, max_bytes=limit))
    )
    found = upload.recognise_bars(
        content,
        file_name=file_name,
        key=key,
        max_bytes=limit,
        answers=answers if kept is None else kept.answers.beneath(answers),
        now=now,
        calendar=sessions.calendar(registry.settings.calendar),
    )
    if kept is not None:
        found = replace(found, notes=(*found.notes, f"read with the kept mapping {kept.name}"))
    return Uploaded(found.bars.frame, found)


def keep_mapping(registry: Registry, name: str, content: bytes, *, file_name: str, said: Answers) -> KeptMapping:
    """Keep what was said about a file under a name, for all files of its shape."""
    limit = int(registry.settings.max_upload_mb * 2**20)
    shape = upload.shape_of(upload.opened(content, file_name=file_name, max_bytes=limit))
    return kept_mappings.keep(
        registry.database, name, shape=shape, said=said, at=registry.clock(), actor=registry.settings.actor_name
    )
