"""Secrets by reference become values at the last moment: of the environment, a file, the keyring, a command.

Only a whole value is a reference, and only one that stands in the plan: what people's data
says is never resolved. Values are never kept, logged, or put into an error.
"""

import logging
import os
import re
import shlex
import subprocess
from pathlib import Path

from uptake.core.problem import refuse

SECRET_BYTES_MOST = 65_536
"""A secret's file may be so long."""
COMMAND_LIMIT_S = 30.0
"""A command that tells a secret may take so long."""
_TALKATIVE = ("apprise", "httpcore", "httpx", "urllib3")
_PIECE_LEAST = 4


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
    if text.startswith("keyring:"):
        return _from_keyring(text)
    if text.startswith("command:"):
        return _from_command(text, folder)
    return text


def _from_keyring(text: str) -> str:
    """Of the system's keyring: `keyring:helpdesk/api` is what `keyring get helpdesk api` prints."""
    service, _, name = text.removeprefix("keyring:").rpartition("/")
    if not service or not name:
        raise refuse("secret.unusable", text, "this names no entry of a keyring", "write keyring:SERVICE/NAME")
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        hint = "install Uptake with its extra `keyring`"
        raise refuse("secret.unusable", text, "the package `keyring` is not installed", hint) from None
    try:
        value = keyring.get_password(service, name)
    except KeyringError as error:
        what = f"the keyring cannot be asked: {type(error).__name__}"
        raise refuse("secret.unusable", text, what, "is it unlocked for this user?") from None
    if not value:
        raise refuse("secret.missing", text, "the keyring has no such entry", f"keyring set {service} {name}")
    return value


def _from_command(text: str, folder: Path) -> str:
    """What a command prints, in the plan's folder and without a shell; its error output is nobody's to see."""
    try:
        words = shlex.split(text.removeprefix("command:"))
    except ValueError:
        words = []
    if not words:
        raise refuse("secret.unusable", text, "this is no command", 'write "command:pass show helpdesk/api"')
    try:
        done = subprocess.run(
            words, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_LIMIT_S, check=False
        )
    except OSError as error:
        raise refuse("secret.missing", text, f"this command cannot be run: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        what = f"this command did not end within {COMMAND_LIMIT_S:g} s"
        raise refuse("secret.missing", text, what, "does it ask for something?") from None
    if done.returncode != 0:
        raise refuse("secret.missing", text, f"this command ended {done.returncode}", "run it by hand to see why")
    return _text(done.stdout, text, "what this command printed")


def _from_file(text: str, folder: Path) -> str:
    path = folder / text.removeprefix("file:")
    try:
        with path.open("rb") as file:
            raw = file.read(SECRET_BYTES_MOST + 1)
    except OSError as error:
        raise refuse("secret.missing", text, f"this file cannot be read: {error.strerror}") from None
    return _text(raw, text, "this file")


def _text(raw: bytes, text: str, what: str) -> str:
    """Bytes as a secret, the end of its line left out."""
    if len(raw) > SECRET_BYTES_MOST:
        raise refuse("secret.unusable", text, f"{what} is longer than {SECRET_BYTES_MOST} bytes")
    try:
        value = raw.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise refuse("secret.unusable", text, f"{what} is not UTF-8 text") from None
    if not value:
        raise refuse("secret.missing", text, f"{what} is empty")
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
