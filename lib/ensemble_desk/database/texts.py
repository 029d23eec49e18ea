"""Texts that every database can hold, whatever bytes a file name or a command line brought in."""

import unicodedata


def storable(text: str) -> str:
    """Give the text without NUL and with what is no character (from undecodable bytes) spelt out."""
    return text.replace("\x00", "").encode("utf-8", "backslashreplace").decode("utf-8")


def said(text: str) -> str:
    """Give the storable text without space around it; empty when nobody would see a letter of it."""
    told = storable(text).strip()
    return told if any(unicodedata.category(letter)[0] not in "CZ" for letter in told) else ""
