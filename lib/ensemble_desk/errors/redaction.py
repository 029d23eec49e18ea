"""Secrets taken out of texts that somebody may read: logs, errors, history."""

import re
from collections.abc import Iterable

HIDDEN = "***"
_PLAIN = r"https?|sqlite|file|s3|gs|az|abfss?|postgres(?:ql)?"
_USER = re.compile(rf"\b({_PLAIN})(\+\w+)?(:/{{1,2}}|//)[^\s/'\"]*@", re.IGNORECASE)  # also with a colon left out
_CHANNEL = re.compile(rf"\b(?!(?:{_PLAIN})(?:\+\w+)?:)([a-z][a-z0-9+.-]*)://[^\s'\"]+", re.IGNORECASE)
_NAMED = re.compile(
    r"((?:\b|_)(?:pass(?:word|wd|phrase)?|pwd|secret|token|api_?key|access_?key(?:_?id)?|secret_?key|credential|"
    r"signature|sig|authorization)\b['\"]?\s*[=:]\s*)(?:bearer\s+|basic\s+)?(?!\*\*\*)(['\"]?)[^\s'\"&,;]+",
    re.IGNORECASE,
)
_LEAST = 6  # a shorter secret would take ordinary words out as well


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Take out passwords in addresses, addresses of channels, values named as secrets, and the ``secrets`` given."""
    for secret in sorted((one for one in secrets if len(one) >= _LEAST), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _USER.sub(rf"\1\2\3{HIDDEN}@", text)
    text = _CHANNEL.sub(rf"\1://{HIDDEN}", text)
    return _NAMED.sub(rf"\1\2{HIDDEN}", text)
