"""Reading a file that somebody uploads: bars of a key in any shape vendors export, or a table of features."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ensemble_desk.sources.upload.reading import recognise_bars

__all__ = ["recognise_bars"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from ensemble_desk.sources.upload import reading

        return getattr(reading, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
