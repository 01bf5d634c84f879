"""The shared mailbox: a real SMTP server on the loopback interface that files what it receives into Maildir folders.

Its own process. Mail to the help desk's old address lands in `helpdesk`, where the bridge looks; mail to a person
(announcements) lands in a folder of her own. A message is acknowledged once it is on the disk. It knows nothing of
Uptake, and nothing leaves this machine.
"""

import argparse
import asyncio
import email.policy
import mailbox
import signal
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

HELPDESK = "helpdesk@example.org"
SIZE_LIMIT = 1_000_000


def folder_of(address: str) -> str:
    """The Maildir folder of an address at example.org."""
    return address.partition("@")[0].lower()


def open_folder(root: Path, name: str) -> mailbox.Maildir:
    """The Maildir `name` under root, made where it is missing."""
    return mailbox.Maildir(root / name, create=True)


class Filing:
    """Files each message once for each recipient; refuses addresses that are not at example.org."""

    def __init__(self, root: Path) -> None:
        """Args: root: the folder that holds the Maildir folders."""
        self.root = root
        self.folders: dict[str, mailbox.Maildir] = {}

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's own name and arguments)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accepts our own addresses only."""
        name, _, domain = address.partition("@")
        if domain.lower() != "example.org" or not name or "/" in name or name.startswith("."):
            return "550 not one of ours"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Writes the message, then acknowledges it."""
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        message = email.message_from_bytes(content, policy=email.policy.default)
        for address in envelope.rcpt_tos:
            name = folder_of(address)
            if name not in self.folders:
                self.folders[name] = open_folder(self.root, name)
            self.folders[name].add(mailbox.MaildirMessage(message))
        return "250 filed"


async def serve(root: Path, port: int, ready: Path | None) -> None:
    """Runs until it is told to end; writes the port to `ready` once it listens (port 0: any free one)."""
    root.mkdir(parents=True, exist_ok=True)
    open_folder(root, folder_of(HELPDESK))
    filing, loop = Filing(root), asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    server = await loop.create_server(lambda: SMTP(filing, data_size_limit=SIZE_LIMIT, loop=loop), "127.0.0.1", port)
    async with server:
        if ready is not None:
            part = ready.with_suffix(".part")
            part.write_text(str(server.sockets[0].getsockname()[1]))
            part.replace(ready)
        await ended.wait()


def main() -> None:
    """Serves as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ready", type=Path)
    given = parser.parse_args()
    asyncio.run(serve(given.root, given.port, given.ready))


if __name__ == "__main__":
    main()
