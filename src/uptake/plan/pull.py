"""Rows that lie elsewhere, as a plan names them: the section that usage, completions and outcomes share.

Values only. Which words a source's rows have stands in `pull_rules`; `connect.pull` reads them.
"""

from dataclasses import dataclass, field
from typing import Literal

from uptake.core.time import Span

Encoding = Literal["utf-8", "utf-16", "cp1252", "iso-8859-1", "iso-8859-15", "cp1250", "cp437", "cp850", "mac-roman"]
"""How a text file is written, where it is not UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """Rows that lie elsewhere and are read again every so often: exactly one of csv, sql and http.

    `columns` maps our words (person, at, id, ...) to the source's own headings; a word that is not there is its own.
    `lag`: what happened longer ago than this is complete in the source.
    """

    csv: str = ""
    sql: str = ""
    database: str = ""
    http: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    match: str = ""
    every: Span = Span(days=1)
    lag: Span = Span()
    encoding: Encoding = "utf-8"
    delimiter: str = ""
    dates: str = ""
