"""A real SMTP server that keeps what it gets, and answers as a test wants it to."""

import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.connect.world import World, free_port, world


class Mailbox:
    """The server's handler: each message as (address, message); `answers` maps an address to refusals to come."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Any]] = []
        self.answers: dict[str, list[str]] = {}
        self.connections = 0
        self.drops = 0
        self.came = threading.Event()

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, name: str, lines: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = name
        return lines

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if waiting := self.answers.get(address):
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.drops:
            self.drops -= 1
            server.transport.abort()
            return "250 OK"
        (address,) = envelope.rcpt_tos
        self.got.append((address, message_from_bytes(envelope.content, policy=policy.default)))
        self.came.set()
        return "250 OK"


class Post:
    """A running server."""

    def __init__(self, mailbox: Mailbox, controller: Controller) -> None:
        self.mailbox = mailbox
        self.controller = controller

    @property
    def port(self) -> int:
        return self.controller.port

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


@pytest.fixture
def post() -> Iterator[Post]:
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield Post(mailbox, controller)
    finally:
        controller.stop(no_assert=True)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "coming.md").write_text(
        "# The help desk is coming, {person.name}\n\nDear {person.name} of {person.team}.\n"
    )
    with world(tmp_path) as made:
        yield made
