"""Where the plan stands, on one screen of a terminal: meters, waves, hosts, what needs a person, what is next.

Short on purpose; `compare` shows everything. It arranges the board's figures and makes none.
"""

from uptake.core.stage import Half
from uptake.core.words import count
from uptake.report.board import Board, Head, Host, Mark, SourceShown, Wave
from uptake.report.failed import failed_lines
from uptake.report.terminal import Paint, bounded, cells, pad, plain, wrap
from uptake.report.words import exact_percent, of, people, percent

LABEL_WIDTH = 11
HOSTS_MOST = 20
"""More hosts than this are counted, and only those that are not well are named."""
METER_WIDTHS = (12, 34)
STATE_MARKS: dict[str, Mark] = {
    "pending": "waiting",
    "planned": "waiting",
    "not begun": "waiting",
    "not deployed": "waiting",
    "running": "going",
    "training": "going",
    "open": "going",
    "adopting": "going",
    "healthy": "ok",
    "adopted": "ok",
    "succeeded": "ok",
    "deployed": "ok",
    "in use": "ok",
    "implemented": "ok",
    "held": "warn",
    "interrupted": "warn",
    "in doubt": "warn",
    "excluded": "warn",
    "unhealthy": "bad",
    "unreachable": "bad",
    "failed": "bad",
    "rolled back": "bad",
}
"""The mark of each state word."""


def status_text(board: Board, *, width: int = 100, colour: bool = False, turning: str | None = None) -> str:
    """The status of a board, ended by a newline.

    Args:
        board: the figures.
        width: of the terminal, in columns.
        colour: with the terminal's colour codes.
        turning: who turns the plan's ring now, empty for nobody; None leaves it out.
    """
    paint, width = Paint(colour=colour), bounded(width)
    lines = [paint(line, "strong") for line in wrap(f"{board.title} ({board.plan})", width)]
    lines += [*wrap(board.verdict, width), ""]
    if board.failures:
        lines += [paint("Failed", "bad"), *failed_lines(board.failures, paint, width), ""]
    for half, name in (("deploy", "Deploy"), ("implement", "Implement")):
        head = next((each for each in board.heads if each is not None and each.half == half), None)
        if head is not None:
            lines += _half(board, head, name, paint, width)
    if board.problems:
        lines += ["", paint("Needs a person", "warn")]
        for problem in board.problems:
            first, *rest = wrap(problem, width, indent="  ")
            lines += [f"{paint.sign('warn')} {first[2:]}", *rest]
    lines += _section("Waves (95% interval in brackets)", [_wave(wave, paint) for wave in board.waves], paint, width)
    lines += _section("Hosts", _hosts(board.hosts, paint), paint, width)
    lines += _section("Sources", [_source(source, paint) for source in board.sources], paint, width)
    ends = [("Next", board.next_due)]
    if board.decisions:
        latest = board.decisions[0]
        ends.append(("Last", f"{latest.why} (entry {latest.seq}; uptake why {board.file} {latest.seq})"))
    if turning is not None and board.head_seq:
        ends.append(("Turning", turning or f"nobody now; uptake serve {board.file} watches and goes on"))
    for name, words in ends:
        lines += _ending(name, words, paint, width) if words else []
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _half(board: Board, head: Head, name: str, paint: Paint, width: int) -> list[str]:
    half: Half = head.half
    state = f"{board.states.get(half, '')} {head.since}".strip()
    words = f"{head.number} {head.caption}"
    room = width - LABEL_WIDTH - 2 - cells(words) - 4 - cells(state)
    meter = max(METER_WIDTHS[0], min(METER_WIDTHS[1], room))
    bar = paint.meter(head.share or 0.0, head.target, width=meter, tone=half)
    label = pad(name, LABEL_WIDTH, shown=paint(name, half))
    mark = STATE_MARKS.get(board.states.get(half, ""), "")
    if cells(words) + meter + LABEL_WIDTH + 6 + cells(state) <= width:
        return [f"{label}{bar}  {words}  {paint.sign(mark)} {state}"]
    indent = " " * LABEL_WIDTH
    first, *rest = wrap(state, width, indent=f"{indent}  ")
    return [f"{label}{bar}", *wrap(words, width, indent=indent), f"{indent}{paint.sign(mark)} {first.strip()}", *rest]


def _section(name: str, rows: list[tuple[str, ...]], paint: Paint, width: int) -> list[str]:
    """Rows under a heading, their columns lined up; where they are too long, each is a paragraph."""
    if not rows:
        return []
    widths = [max(cells(row[column]) for row in rows) for column in range(1, len(rows[0]))]
    beside = ["  ".join(pad(text, size) for text, size in zip(row[1:], widths, strict=True)).rstrip() for row in rows]
    lines = ["", paint(name, "strong")]
    if max(cells(line) for line in beside) + 5 <= width:
        return lines + [f"  {row[0]}  {line}" for row, line in zip(rows, beside, strict=True)]
    for row in rows:
        first, *rest = wrap(", ".join(text for text in row[1:] if text), width, indent=" " * 5)
        lines += [f"  {row[0]}  {first[5:]}", *rest]
    return lines


def _wave(wave: Wave, paint: Paint) -> tuple[str, ...]:
    mark = paint.sign(STATE_MARKS.get(wave.state, ""))
    if wave.holdout:
        return (paint.sign(""), wave.name, "", people(wave.people), "never opened")
    seen = people(wave.present)
    if wave.share is not None and wave.low is not None and wave.high is not None:
        share = f"{of(wave.adopters, wave.present)} = {percent(wave.share)}"
        low, high = percent(wave.low), percent(wave.high)
        wanted = f", gate {exact_percent(wave.gate)}" if wave.gate is not None else ""
        seen = f"{share} ({low[:-1]} to {high}){wanted}"
    when = f"opened {wave.opened}" if wave.opened else f"booked {wave.booked}" if wave.booked else "not booked yet"
    return (mark, wave.name, wave.state, seen, when)


def _source(source: SourceShown, paint: Paint) -> tuple[str, ...]:
    late = f", {source.lag} lag" if source.lag else ""
    when = f"as of {source.as_of}{late}" if source.as_of else "never read"
    return (paint.sign(source.mark), source.name, source.state, when, plain(source.detail))


def _hosts(hosts: tuple[Host, ...], paint: Paint) -> list[tuple[str, ...]]:
    shown = [host for host in hosts if len(hosts) <= HOSTS_MOST or host.state not in ("healthy", "pending", "running")]
    rows = [
        (
            paint.sign(STATE_MARKS.get(host.state, "")),
            host.name,
            host.state,
            host.version,
            host.batch,
            plain(host.detail) or (f"since {host.since}" if host.since else ""),
        )
        for host in shown[:HOSTS_MOST]
    ]
    left = len(hosts) - len(rows)
    if left:
        tally = {word: sum(host.state == word for host in hosts) for word in dict.fromkeys(h.state for h in hosts)}
        words = ", ".join(f"{number} {word}" for word, number in tally.items())
        rows.append((" ", f"{left} more", "", "", "", f"{count(len(hosts), 'host')} in all: {words}"))
    return rows


def _ending(name: str, words: str, paint: Paint, width: int) -> list[str]:
    """A labelled paragraph after an empty line."""
    first, *rest = wrap(words, width, indent=" " * LABEL_WIDTH)
    return ["", pad(name, LABEL_WIDTH, shown=paint(name, "strong")) + first[LABEL_WIDTH:], *rest]
