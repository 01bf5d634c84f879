"""Secrets by reference: `env:NAME` and `file:PATH` become values at the last moment.

Only a whole value is a reference, and only one that stands in the plan: what people's data
says is never resolved. Values are never kept, logged, or put into an error.
"""

import logging
import os
import re
from pathlib import Path

from uptake.core.problem import refuse

SECRET_BYTES_MOST = 65_536
"""A secret's file may be so long."""
_TALKATIVE = ("apprise", "httpcore", "httpx", "urllib3")
_PIECE_LEAST = 4


def is_reference(text: str) -> bool:
    """Whether a plan's value names a secret instead of being the value."""
    return text.startswith(("env:", "file:"))


def resolve(text: str, *, folder: Path) -> str:
    """The value that a plan's text means: a secret's where it is a reference, else the text itself.

    Args:
        text: a whole value from the plan.
        folder: the plan's folder, where relative `file:` paths begin.

    Raises:
        Refused: the variable or file is missing, empty or unreadable; names the reference only.
    """
    if text.startswith("env:"):
        value = os.environ.get(text.removeprefix("env:"), "")
        if not value:
            raise refuse("secret.missing", text, "this variable is not set in the environment", "export it, then go on")
        return value
    if text.startswith("file:"):
        return _from_file(text, folder)
    return text


def _from_file(text: str, folder: Path) -> str:
    path = folder / text.removeprefix("file:")
    try:
        with path.open("rb") as file:
            raw = file.read(SECRET_BYTES_MOST + 1)
    except OSError as error:
        raise refuse("secret.missing", text, f"this file cannot be read: {error.strerror}") from None
    if len(raw) > SECRET_BYTES_MOST:
        raise refuse("secret.unusable", text, f"this file is longer than {SECRET_BYTES_MOST} bytes")
    try:
        value = raw.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise refuse("secret.unusable", text, "this file is not UTF-8 text") from None
    if not value:
        raise refuse("secret.missing", text, "this file is empty")
    return value


def masked(text: str, secret: str) -> str:
    """`text` with a secret, and every longer piece of it (an address's token, say), blanked out."""
    pieces = {secret, *re.split(r"[^0-9A-Za-z_-]+", secret.partition("://")[2] or secret)}
    for piece in sorted((p for p in pieces if len(p) >= _PIECE_LEAST), key=len, reverse=True):
        text = re.sub(re.escape(piece), "***", text, flags=re.IGNORECASE)
    return text


def quieten() -> None:
    """Keep libraries that log addresses, headers or tokens in passing from doing so."""
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
