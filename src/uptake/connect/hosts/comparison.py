"""What pyinfra says while it compares files, host by host: it prints its differences instead of returning them.

Colours are taken out. Whose file it is tells the greenlet in which it is said.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from pyinfra.context import ctx_host

LINES_MOST = 400
"""So many lines of differences are kept for one step on one host."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class _Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.said: dict[str, list[str]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        host = ctx_host.get() if ctx_host.isset() else None
        if host is None or record.levelno != logging.INFO:
            return
        line = _COLOUR.sub("", record.getMessage()).removeprefix(f"[{host.name}] ").removeprefix("  ").rstrip()
        kept = self.said.setdefault(host.name, [])
        if line and len(kept) < LINES_MOST:
            kept.append(line)


@contextmanager
def heard(logger: logging.Logger) -> Iterator[dict[str, list[str]]]:
    """What is said by a logger while the block lasts, by host."""
    ear, level = _Ear(), logger.level
    logger.addHandler(ear)
    logger.setLevel(logging.INFO)
    try:
        yield ear.said
    finally:
        logger.removeHandler(ear)
        logger.setLevel(level)
