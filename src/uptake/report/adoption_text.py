"""Adoption figures as plain text for a terminal: tables by wave, who adopts, RE-AIM and Proctor's outcomes.

It arranges what `adopted` holds and makes no figure.
"""

from collections.abc import Iterator, Sequence

from uptake.report.adopted import APART, AdoptionShown, RowShown, smd_words
from uptake.report.terminal import cells, pad, plain, wrap
from uptake.report.words import percent


def adoption_text(shown: AdoptionShown, *, width: int = 100) -> str:
    """The figures for a terminal, ended by a newline.

    Args:
        shown: the figures.
        width: of the terminal, in columns.
    """
    lines = [*wrap(f"Adoption as of {shown.as_of}. An adopter: {shown.by}.", width)]
    if shown.waves:
        lines += ["", *times(shown, width)]
    if shown.stay_words:
        lines += ["", *wrap(shown.stay_words, width)]
    if shown.apart:
        lines += ["", *wrap(f"Who adopts, against everybody eligible ({APART})", width), *_apart(shown, width)]
    for name, rows in (("RE-AIM", shown.re_aim), ("Proctor's implementation outcomes", shown.proctor)):
        if rows:
            lines += ["", name, *_rows(rows, width)]
    if shown.notes:
        lines += [""]
    for note in shown.notes:
        lines += wrap(note, width)
    return "\n".join(lines) + "\n"


def times(shown: AdoptionShown, width: int) -> Iterator[str]:
    """Time to adoption by wave, and whether waves differ."""
    yield from wrap(f"Time to adoption since each wave's opening, by {shown.unit}, with 95% intervals", width)
    yield from _table((shown.heads, *shown.rows), width)
    yield from wrap(shown.compared_words, width)


def _apart(shown: AdoptionShown, width: int) -> Iterator[str]:
    for one in shown.apart_shown:
        shares = f"{percent(one.share)} of adopters, {percent(one.share_all)} of everybody"
        text = f"{one.attribute} {one.category}: {shares}, difference {smd_words(one.smd)}"
        yield from wrap(text, width, indent="  ", hanging="    ")
    if shown.apart_more:
        yield f"  {shown.apart_more}; --json has them all"


def _rows(rows: Sequence[RowShown], width: int) -> Iterator[str]:
    """A row's name and value, its definition below."""
    for row in rows:
        yield from wrap(f"{row.name}: {row.shown}", width, indent="  ", hanging="    ")
        yield from wrap(row.definition, width, indent="      ")


def _table(rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Rows in columns; where they do not fit, each row as a paragraph."""
    wide = [max(cells(row[place]) for row in rows) for place in range(len(rows[0]))]
    if sum(wide) + 2 * len(wide) <= width:
        for row in rows:
            yield ("  " + "  ".join(pad(plain(text), size) for text, size in zip(row, wide, strict=True))).rstrip()
        return
    heads = rows[0]
    for row in rows[1:]:
        told = (f"{head.lower()} {text}" for head, text in zip(heads[1:], row[1:], strict=True) if text)
        yield from wrap(f"{row[0]}: {'; '.join(told)}", width, indent="  ", hanging="    ")
