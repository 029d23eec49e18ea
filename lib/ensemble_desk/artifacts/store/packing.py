"""From the content of a version to the bytes of its artifact and its manifest, proven loadable before they land."""

import copy
import datetime as dt
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ensemble_desk.artifacts import digests, naming, serving_form
from ensemble_desk.artifacts import manifest as manifests
from ensemble_desk.artifacts.format import SCHEMA_VERSION
from ensemble_desk.artifacts.manifest import Manifest
from ensemble_desk.artifacts.safe_loading import audit, loading
from ensemble_desk.artifacts.store.protocol import Published
from ensemble_desk.errors import ArtifactError, PublishError
from ensemble_desk.market.keys import Key

PROTOCOL = 5  # every Python that still gets fixes reads it; arrays are stored as they lie in memory


@dataclass(frozen=True, slots=True)
class Packed:
    """The files of a version, as bytes and as a description; ``form`` is None for a version without a serving form."""

    data: bytes
    manifest: Manifest
    form: bytes | None

    @property
    def form_sha256(self) -> str | None:
        return None if self.form is None else digests.of(self.form)

    def published(self, *, version: str, file_name: str, mtime_ns: int | None) -> Published:
        """Tell of these files once they have landed."""
        return Published(
            version=version,
            file_name=file_name,
            sha256=self.manifest.sha256,
            size_bytes=len(self.data),
            manifest=self.manifest,
            form_sha256=self.form_sha256,
            mtime_ns=mtime_ns,
        )


def pack(content: Mapping[str, Any], *, key: Key, version: str, created_at: dt.datetime, max_bytes: int) -> Packed:
    """Pickle the content under its version's name and load it back the way every reader will.

    Raises
    ------
    PublishError
        When something in it is outside the allow-list, of no plain form, or too large.
    """
    name = naming.file_name(key, version)
    whole = {
        **content,
        "symbol": key.symbol,
        "timeframe": key.timeframe,
        "timestamp": version,
        "schema_version": SCHEMA_VERSION,
        "models": {member: _single_job(model) for member, model in content.get("models", {}).items()},
    }
    try:
        data = pickle.dumps(whole, protocol=PROTOCOL)
        loading.load(data, name=name, max_bytes=max_bytes)
        form = serving_form.write(whole, name=name)
        described = manifests.from_artifact(
            whole | _told(form),
            sha256=digests.of(data),
            size_bytes=len(data),
            created_at=created_at,
            code_surface=audit.code_surface(data, name=name, max_bytes=max_bytes),
        )
    except (pickle.PicklingError, AttributeError, TypeError, RecursionError, ArtifactError) as error:
        raise PublishError(name, f"its content is not fit to be stored ({str(error).rstrip('.')})") from error
    return Packed(data, described, form)


def _told(form: bytes | None) -> dict[str, Any]:
    return {} if form is None else {"serving": {"sha256": digests.of(form), "size_bytes": len(form)}}


def _single_job(model: Any) -> Any:
    """Give the estimator itself, or a shallow copy that predicts with one job; parallelism belongs to the job."""
    if getattr(model, "n_jobs", 1) == 1:
        return model
    single = copy.copy(model)
    single.n_jobs = 1
    return single
