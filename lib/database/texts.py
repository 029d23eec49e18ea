"""Texts that every database can hold, whatever bytes a file name or a command line brought in."""


def storable(text: str) -> str:
    """Give the text without NUL and with what is no character (from undecodable bytes) spelt out."""
    return text.replace("\x00", "").encode("utf-8", "backslashreplace").decode("utf-8")
