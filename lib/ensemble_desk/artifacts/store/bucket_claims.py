"""The claim of a publisher in a bucket: an object that reserves a version's name and holds its whole manifest."""

import json
import secrets

from ensemble_desk.artifacts import naming
from ensemble_desk.artifacts.manifest import Manifest
from ensemble_desk.errors import ArtifactCorruptError
from ensemble_desk.market.keys import Key


def name_of(file_name: str) -> str:
    """Name the claim of an artifact."""
    return f".{naming.manifest_name(file_name)}.tmp"


def prefix(key: Key) -> str:
    """Give what the names of all our versions of a key begin with."""
    return naming.file_name(key, "20000101").removesuffix(f"20000101{naming.ARTIFACT_SUFFIX}")


def written(manifest: Manifest) -> bytes:
    """Write a claim that no other publisher writes."""
    body = {"publisher": secrets.token_hex(16), "manifest": dict(manifest.content)}
    return json.dumps(body, sort_keys=True).encode()


def manifest_in(data: bytes | None, *, name: str) -> Manifest | None:
    """Read the manifest out of a claim; None when there is none."""
    try:
        told = json.loads(data or b"{}")["manifest"]
        return Manifest.from_json(json.dumps(told).encode(), name=name)
    except (ValueError, KeyError, TypeError, RecursionError, ArtifactCorruptError):
        return None
