"""An address that gives JSON objects in a list, or the bytes of a file: one GET, with its own limits.

Redirects are followed within the same host only, and never with the headers to another one. A page of HTML
(a log-in) is refused by its content type. Secrets of headers are put in at the last moment.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import httpx

from uptake.connect.secrets import quieten, resolve
from uptake.core.problem import refuse
from uptake.plan.pull import Pull

BODY_BYTES_MOST = 512 * 1024 * 1024
"""So much of an answer is read."""
TIMEOUT_S = 60.0


def fetch(pull: Pull, address: str, *, folder: Path) -> bytes:
    """What an address answers.

    Raises:
        Refused: nobody answers, or not with 200, or with a page, or more than `BODY_BYTES_MOST`.
    """
    quieten()
    headers = {name: resolve(value, folder=folder) for name, value in pull.headers.items()}
    hint = "try the address with the same headers by hand"
    try:
        with httpx.stream("GET", address, headers=headers, timeout=TIMEOUT_S, follow_redirects=False) as answer:
            if answer.status_code != httpx.codes.OK:
                raise refuse("pull.http", address, f"answered {answer.status_code}", hint)
            if "html" in answer.headers.get("content-type", ""):
                raise refuse("pull.http", address, "answered with a page, perhaps a log-in", hint)
            raw = bytearray()
            for piece in answer.iter_bytes():
                raw += piece
                if len(raw) > BODY_BYTES_MOST:
                    raise refuse("pull.http", address, f"answered with more than {BODY_BYTES_MOST} bytes")
            return bytes(raw)
    except httpx.HTTPError as error:
        raise refuse("pull.http", address, f"cannot be read: {type(error).__name__}", hint) from None


def read_list(pull: Pull, *, folder: Path) -> tuple[list[str], Iterator[tuple[int, Sequence[str]]]]:
    """Headings (the objects' keys) and rows; a row's line is its number in the list.

    Raises:
        Refused: see `fetch`; or what is answered is no list of objects.
    """
    raw = fetch(pull, pull.http, folder=folder)
    try:
        found = json.loads(raw)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in cast("list[object]", found)):
        raise refuse("pull.http", pull.http, "did not answer with a JSON list of objects")
    objects = cast("list[dict[str, object]]", found)
    heading = list(dict.fromkeys(key for one in objects for key in one))
    return heading, ((number, [_text(one.get(key)) for key in heading]) for number, one in enumerate(objects, 1))


def _text(value: object) -> str:
    """A value as text; what is no single value is nothing."""
    match value:
        case None | dict() | list():
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
