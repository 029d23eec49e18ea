"""Settings as people write them: texts read into values, or refused with how to write them."""

import re

_FEATURE_SET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_PLACE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*")
_BUCKET = re.compile(r"(?:s3|gs|az)://[a-z0-9][a-z0-9._-]{1,62}(?:/[A-Za-z0-9._/-]*)?")
_BUCKETS = ("s3://", "gs://", "az://")


def is_bucket(url: str) -> bool:
    """Tell whether an address is one of a bucket, of Amazon's protocol, Google's or Azure's."""
    return url.lower().startswith(_BUCKETS)


def place_of_models(text: str) -> str:
    """Read where artifacts are: the path of a folder, or the address of a bucket without its last slash."""
    if is_bucket(text):
        if not _BUCKET.fullmatch(text):
            message = "write s3://BUCKET/PREFIX (or gs://, az://); credentials belong into the environment"
            raise ValueError(message)
        return text.rstrip("/")
    if not text.strip() or "://" in text.removeprefix("file://"):
        message = "write the path of a folder, or s3://BUCKET/PREFIX (gs://, az://); no other place can be used"
        raise ValueError(message)
    return text


def scheduler(text: str) -> str:
    """Read the address of a Dask scheduler."""
    if text and not re.fullmatch(r"(tcp|tls|ucx|ws|wss)://[^\s/]+/?", text):
        message = "write the address of a scheduler, such as tcp://10.0.0.5:8786"
        raise ValueError(message)
    return text


def roles(text: str) -> dict[str, str]:
    """Read ``name=role`` pairs."""
    pairs = [part.rpartition("=") for part in text.split(",") if part.strip()]
    known = {"viewer", "analyst", "operator", "admin"}
    for name, _, role in pairs:
        if not name.strip() or role.strip() not in known:
            message = f"write name=role with a role of {', '.join(sorted(known))}; found {name.strip()!r}"
            raise ValueError(message)
    return {name.strip(): role.strip() for name, _, role in pairs}


def functions(text: str) -> dict[str, str]:
    """Read ``NAME=package.module:function`` pairs."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    for name, _, place in pairs:
        if not _FEATURE_SET.fullmatch(name.strip()) or not _PLACE.fullmatch(place.strip()):
            message = f"write NAME=package.module:function; found {name.strip()!r}"
            raise ValueError(message)
    return {name.strip(): place.strip() for name, _, place in pairs}


def hosts(text: str) -> tuple[str, ...]:
    """Read names of hosts."""
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if any(set(name) & set("/: ") for name in names):
        message = "write names such as desk.example.org with commas between them, without http:// and port"
        raise ValueError(message)
    return names


def rising(text: str) -> tuple[int, ...]:
    """Read three rising whole numbers."""
    parts = [part.strip() for part in text.split(",")]
    are_rising = all(part.isdecimal() for part in parts) and sorted(set(map(int, parts))) == list(map(int, parts))
    if len(parts) != 3 or not are_rising:  # noqa: PLR2004 - the three borders between four bands
        message = "write three rising whole numbers such as 5,15,25"
        raise ValueError(message)
    return tuple(map(int, parts))


def ages(text: str) -> dict[str, str]:
    """Read ages by timeframe; '' stands for all others."""
    found: dict[str, str] = {}
    for part in filter(None, (part.strip().lower() for part in text.split(","))):
        timeframe, _, age = part.rpartition("=")
        is_age = re.fullmatch(r"[1-9][0-9]{0,4}(d|bars)", age.strip())
        is_timeframe = re.fullmatch(r"((mn|[mhdw])[0-9]{1,2})?", timeframe.strip())
        if not is_age or not is_timeframe or timeframe.strip() in found:
            message = f"write an age such as 60d or 500bars, or d1=60d,h1=500bars; found {part!r}"
            raise ValueError(message)
        found[timeframe.strip()] = age.strip()
    return found


def channels(text: str) -> tuple[str, ...]:
    """Read addresses of channels."""
    urls = tuple(text.split())
    if any("://" not in url for url in urls):
        message = "write apprise URLs such as slack://… with spaces between them"
        raise ValueError(message)
    return urls
