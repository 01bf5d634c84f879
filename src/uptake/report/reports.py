"""What readers say is wrong on a page, as it stands in the ledger: which figure, who said it, and what came of it.

The ledger holds the digest of a report's text; the text itself can be erased, and is looked up by whoever shows it.
It judges no report.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from uptake.core.picture import Picture, Spoken
from uptake.core.words import moment
from uptake.report.terminal import bounded, plain, wrap

REPORTS_MOST = 50
"""So many are shown, the newest first."""
ERASED = "(the text was erased)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report: its entry, when and by whom, the figure's key and the page it was seen on, and its text.

    `ended` says who settled it and when, and is empty while it is open.
    """

    seq: int
    at: str
    who: str
    figure: str
    page: str
    text: str
    ended: str = ""

    @property
    def name(self) -> str:
        """What it is called where somebody settles it."""
        return name_of(self.seq)


def name_of(seq: int) -> str:
    """A report's name.

    >>> name_of(41)
    'report-41'
    """
    return f"report-{seq}"


def open_reports(picture: Picture) -> tuple[Spoken, ...]:
    """The reports that nobody settled, in order."""
    said = (spoken for spoken in picture.words if spoken.said.what == "report")
    return tuple(spoken for spoken in said if name_of(spoken.seq) not in picture.done)


def reports(picture: Picture, timezone: str, find: Callable[[str], str | None]) -> tuple[Report, ...]:
    """The newest reports, open and ended.

    Args:
        picture: the plan's.
        timezone: for their times.
        find: the text of a digest, None once it was erased.
    """
    said = [spoken for spoken in picture.words if spoken.said.what == "report"]
    return tuple(_report(picture, spoken, timezone, find) for spoken in said[: -REPORTS_MOST - 1 : -1])


def _report(picture: Picture, spoken: Spoken, timezone: str, find: Callable[[str], str | None]) -> Report:
    said, done = spoken.said, picture.done.get(name_of(spoken.seq))
    return Report(
        seq=spoken.seq,
        at=moment(spoken.at, timezone),
        who=said.who,
        figure=str(said.data.get("figure", "")),
        page=str(said.data.get("page", "")),
        text=(find(said.why) if said.why else None) or ERASED,
        ended=f"{done.said.who}, {moment(done.at, timezone)}" if done is not None else "",
    )


def reports_text(found: Sequence[Report], *, file: str, width: int = 100) -> str:
    """Reports as paragraphs for a terminal, ended by a newline."""
    lines: list[str] = []
    width = bounded(width)
    for one in found:
        about = f"on {one.figure or 'something else'}" + (f", seen at {one.page}" if one.page else "")
        lines += wrap(f"entry {one.seq}, {one.at}: {plain(one.who)} {plain(about)}", width)
        lines += wrap(plain(one.text), width, indent="  ")
        settle = f'open; settle it with: uptake approve {file} {one.name} --why "..."'
        lines += wrap(f"settled by {plain(one.ended)}" if one.ended else settle, width, indent="  ")
    return "".join(f"{line}\n" for line in lines) or "Nobody reported anything.\n"
