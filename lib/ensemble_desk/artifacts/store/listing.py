"""What a listing of a bucket says: versions, and the claims of publishers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ensemble_desk.artifacts import naming, other_names
from ensemble_desk.artifacts.store import claims, scanning
from ensemble_desk.artifacts.store.bucket import Object
from ensemble_desk.artifacts.store.scanning import FileEntry, Scan
from ensemble_desk.errors import ArtifactNameError
from ensemble_desk.market.keys import Key


@dataclass(frozen=True, slots=True)
class Listing:
    """The objects of a bucket by name; `claimed`: artifacts whose claim is there, with when it was written."""

    objects: Mapping[str, Object]
    claimed: Mapping[str, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, objects: Iterable[Object]) -> "Listing":
        found = {one.name: one for one in objects}
        owners = ((claims.claimed_name(name) or "", one.written_at) for name, one in found.items() if name[0] == ".")
        return cls(found, {name: at for name, at in owners if name})

    def scan(self) -> Scan:
        """Sort out whole versions; one beside a claim and without its manifest is still being written."""
        entries, foreign, passed = [], {}, []
        for name, one in sorted(self.objects.items()):
            if not _is_open(name):
                continue
            if not other_names.is_artifact(name):
                passed += [name] if other_names.is_passed_over(name) else []
                continue
            try:
                key, version = other_names.recognise(name)
            except ArtifactNameError as error:
                foreign[name] = str(error)
                continue
            has_manifest = naming.manifest_name(name) != name and naming.manifest_name(name) in self.objects
            if has_manifest or name not in self.claimed:
                written_ns = int(one.written_at.timestamp() * 1e9)
                entries.append(FileEntry(name, key, version, one.size_bytes, one.mark, has_manifest, written_ns))
        return Scan(tuple(entries), foreign, tuple(passed))

    def versions(self, key: Key) -> set[str]:
        """Every version of a key that an artifact, a manifest or a claim names."""
        found = set()
        for name in self.objects:
            candidate = claims.claimed_name(name) if name.startswith(".") else name
            if candidate and candidate.endswith(naming.MANIFEST_SUFFIX):
                candidate = candidate.removesuffix(naming.MANIFEST_SUFFIX) + naming.ARTIFACT_SUFFIX
            try:
                owner, version = other_names.recognise(candidate or "")
            except ArtifactNameError:
                continue
            if owner == key:
                found.add(version)
        return found


def _is_open(name: str) -> bool:
    *folders, last = name.split("/")
    ours = bool(folders) and folders[0] in scanning.OURS
    hidden = any(part.startswith(".") for part in (*folders, last))
    return not ours and not hidden and len(folders) <= other_names.DEEPEST
