"""What every host must have before a run begins: free memory, room, programs of a version.

Values, and how they are read; whether they hold together is `deploy_rules`, whether a host has them `preflight`.
"""

import re
from dataclasses import dataclass, field

_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) ?(kB|MB|GB|TB|KiB|MiB|GiB|TiB)")
_UNITS: dict[str, int] = {
    **dict(zip(("kB", "MB", "GB", "TB"), (1000**i for i in range(1, 5)), strict=True)),
    **dict(zip(("KiB", "MiB", "GiB", "TiB"), (1024**i for i in range(1, 5)), strict=True)),
}
PROGRAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
"""The name of a program that is asked for its version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Sizes as written, empty for none; programs with a version specifier (PEP 440), such as `>=3.10`."""

    memory: str = ""
    disk: str = ""
    versions: dict[str, str] = field(default_factory=dict)


def bytes_of(text: str) -> int:
    """Bytes of a size with its unit.

    Raises:
        ValueError: it is none.

    >>> bytes_of("1.5 GB"), bytes_of("512MiB")
    (1500000000, 536870912)
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    number, unit = match.groups()
    return int(float(number) * _UNITS[unit])
