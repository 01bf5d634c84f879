"""What figures cite, as pages: a decision or any other entry by its number, the plan's text, the report as a file.

It reads the ledger and the plan that counts, judges nothing again and shows no person. A sequence that
is not there is answered as not found.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from uptake.core.entry import Entry
from uptake.core.picture import Picture
from uptake.core.ports import Ledger
from uptake.plan.read import ReadPlan
from uptake.report.because import because
from uptake.report.board import Board
from uptake.report.entries import EntryShown, cited, shown
from uptake.report.history import History, followed
from uptake.report.html import report_html
from uptake.report.known import Known
from uptake.report.rehearsal import Summary, thinned
from uptake.web.answers import refusal
from uptake.web.follow import Followed
from uptake.web.pages import Boards, Shelf

SEQ_DIGITS_MOST = 15


class Evidence:
    """The ledger and the plan behind the figures."""

    def __init__(
        self,
        ledger: Ledger,
        followed: Followed,
        read: Callable[[], ReadPlan],
        rehearsal: Callable[[], Summary | None],
    ) -> None:
        """Args: ledger: the plan's; followed: its picture; read: the plan that counts; rehearsal: the last one kept."""
        self._ledger, self._followed, self._read = ledger, followed, read
        self.rehearsal = rehearsal

    def entry(self, seq: int) -> dict[str, Any] | None:
        """What the page of an entry reads, None where there is no such entry; called in a thread."""
        entry = self._one(seq)
        if entry is None:
            return None
        history = followed(History(), self._ledger.read(seq)) if entry.kind == "Decided" else None

        def make(picture: Picture, _seal: str) -> dict[str, Any]:
            read = self._read()
            known = Known(read=read, picture=picture, now=picture.observed.now)
            return {"shown": shown(known, entry), "reasons": because(read, picture, seq, history=history)}

        return self._followed.use(make)

    def text(self) -> str:
        """The plan's text."""
        return self._read().text

    def cited_by(self, board: Board) -> tuple[EntryShown, ...]:
        """The entries that a board's figures cite; called in a thread."""
        entries = [entry for entry in map(self._one, sorted(cited(board))) if entry is not None]

        def make(picture: Picture, _seal: str) -> tuple[EntryShown, ...]:
            known = Known(read=self._read(), picture=picture, now=picture.observed.now)
            return tuple(shown(known, entry) for entry in entries)

        return self._followed.use(make)

    def _one(self, seq: int) -> Entry | None:
        found: Iterator[Entry] = iter(self._ledger.read(seq - 1))
        return next(found, None) if seq > 0 else None


def routes(evidence: Evidence, shelf: Shelf, boards: Boards) -> list[Route]:
    """The routes of entries, decisions, the plan's text, the rehearsal and the report.

    Args:
        evidence: what stands behind the figures.
        shelf: makes the pages.
        boards: the figures, for the report.
    """

    async def entry(request: Request) -> Response:
        word = request.path_params["seq"]
        seq = int(word) if word.isascii() and word.isdigit() and len(word) <= SEQ_DIGITS_MOST else 0
        found = await asyncio.to_thread(evidence.entry, seq)
        if found is None:
            return refusal(404, code="NOT_FOUND", what=f"The ledger has no entry {word[:SEQ_DIGITS_MOST]}.")
        return await shelf.page(request, "decision-page.html", tell=f"/tell?figure=entry-{seq}", **found)

    async def plan(request: Request) -> Response:
        return await shelf.page(request, "plan-page.html", plan_text=evidence.text())

    async def rehearsal(request: Request) -> Response:
        kept = await asyncio.to_thread(evidence.rehearsal)
        curve = thinned(kept.curve) if kept is not None else ()
        return await shelf.page(request, "rehearsal-page.html", rehearsal=kept, curve=curve)

    async def report(_request: Request) -> Response:
        board, drawn = await boards.shown()

        def make() -> bytes:
            entries = evidence.cited_by(board)
            return report_html(board, drawn=drawn, entries=entries, plan_text=evidence.text()).encode()

        kept = {"Content-Disposition": f'attachment; filename="{board.plan}.html"', "Cache-Control": "no-store"}
        return Response(await asyncio.to_thread(make), media_type="text/html", headers=kept)

    return [
        Route("/entries/{seq}", entry, methods=["GET"]),
        Route("/decisions/{seq}", entry, methods=["GET"]),
        Route("/plan", plan, methods=["GET"]),
        Route("/rehearsal", rehearsal, methods=["GET"]),
        Route("/report", report, methods=["GET"]),
    ]
