"""The digest by which bytes are known everywhere: in manifests, in the index and in the production pointer."""

import hashlib


def of(data: bytes) -> str:
    """Give the SHA-256 of bytes as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
