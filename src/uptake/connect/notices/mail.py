"""Announcements by SMTP: the server, the letter from a text file, one message to one person.

Not a queue: who still needs a letter is the worker's to know. A letter sent again carries the
Message-ID it had, so that a mail program shows it once; addresses stay out of all evidence.
"""

import hashlib
import html
import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from uptake.connect.secrets import masked
from uptake.connect.template import fill
from uptake.core.ids import ActionKey
from uptake.core.problem import refuse

TEXT_BYTES_MOST = 1_048_576
"""A letter's text may be so long."""
MESSAGES_MOST = 100
"""So many messages go over one connection: servers end longer ones."""
_PLACES = re.compile(r"\{(?:person\.[^{}]+|link)\}")
PAGE = """\
<!doctype html>
<html><head><meta charset="utf-8"></head>
<body style="font: 15px/1.5 system-ui, sans-serif; color: #16191d; max-width: 40em">
{body}</body></html>
"""
_HEADING = re.compile(r"\A\s*# +(.+?)\s*#*\s*(?:\n|\Z)")
_ADDRESS = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+")
_PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where mail leaves, and as whom."""

    host: str
    port: int
    tls: bool
    user: str = ""
    password: str = ""

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A subject and a text, both with placeholders."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """How one message fared: sent, refused for good, or to be tried later; `code` is the server's."""

    state: Literal["sent", "refused", "later"]
    code: int | None = None
    line: str = ""


def parse_server(text: str) -> Server:
    """The server of `smtp://user:password@host:port` or `smtps://...`.

    Raises:
        Refused: it is no such address; the text itself is not told, a password may stand in it.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise refuse("mail.server", "mail.server", "this is no mail server", "write smtp://host:25 or smtps://host:465")
    return Server(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        tls=parts.scheme == "smtps",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def read_letter(path: Path, *, subject: str = "") -> Letter:
    """The letter that a Markdown file holds; without a subject given, its first `# heading` is taken out for one.

    Raises:
        Refused: the file cannot be read, or no subject is found.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(TEXT_BYTES_MOST + 1)
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise refuse("mail.text", str(path), f"the text cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise refuse("mail.text", str(path), "the text is not UTF-8") from None
    if len(raw) > TEXT_BYTES_MOST:
        raise refuse("mail.text", str(path), f"the text is longer than {TEXT_BYTES_MOST} bytes")
    heading = _HEADING.match(text)
    if not subject and heading is None:
        raise refuse("mail.text", str(path), "no subject", "begin the text with `# Subject`, or give `subject:`")
    if subject:
        return Letter(subject=subject, text=text)
    assert heading is not None
    return Letter(subject=heading[1], text=text[heading.end() :].lstrip("\n"))


def message_id(key: ActionKey, pid: str, *, sender: str) -> str:
    """The Message-ID of one person's letter, the same whenever it is sent."""
    digest = hashlib.sha256(f"{key}\0{hashlib.sha256(pid.encode()).hexdigest()}".encode()).hexdigest()
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{digest[:40]}@{domain}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What every message has: who sends it, to which address, and its Message-ID."""

    sender: str
    to: str
    message_id: str


def compose(letter: Letter, values: Mapping[str, str], *, mail: Mail) -> EmailMessage:
    """One person's message.

    Raises:
        ValueError: `to` is not one mail address.
        Refused: a placeholder that is no column, or `sender` is no address.
    """
    if not _ADDRESS.fullmatch(mail.to):
        raise ValueError("not one mail address")
    name, address = parseaddr(mail.sender)
    if not _ADDRESS.fullmatch(address):
        raise refuse("mail.from", "mail.from", "the sender is no mail address", "write Name <name@example.org>")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=name, addr_spec=address)
    try:
        message["To"] = Address(addr_spec=mail.to)
    except (MessageError, IndexError):
        raise ValueError("not one mail address") from None
    message["Subject"] = " ".join(fill(letter.subject, values).split())
    message["Date"] = formatdate()
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(fill(letter.text, values), cte="quoted-printable")
    message.add_alternative(_html(letter.text, values), subtype="html", cte="quoted-printable")
    return message


def _html(text: str, values: Mapping[str, str]) -> str:
    """A Markdown text as a page of HTML; what people's columns say is escaped, and is never Markdown."""
    from markdown_it import MarkdownIt

    places = {f"uptake{i}place": match for i, match in enumerate(dict.fromkeys(_PLACES.findall(text)))}
    for mark, place in places.items():
        text = text.replace(place, mark)
    body = MarkdownIt("commonmark", {"html": False}).render(text)
    for mark, place in places.items():
        value = html.escape(fill(place, values))
        body = body.replace(f'"{mark}"', f'"{value}"')
        body = body.replace(mark, f'<a href="{value}">{value}</a>' if place == "{link}" else value)
    return PAGE.format(body=body)


class Sender:
    """One connection to a server, opened when needed and used again."""

    def __init__(self, server: Server, *, timeout_s: float) -> None:
        """Args: server: where to; timeout_s: what one answer of the server may take."""
        self._server = server
        self._timeout_s = timeout_s
        self._smtp: smtplib.SMTP | None = None
        self._sent = 0

    def open(self) -> None:
        """Connect, unless connected.

        Raises:
            OSError: the server cannot be reached or turns us away for now (smtplib's errors are OSErrors).
            Refused: trying again is of no use: wrong password, or one that would go in clear.
        """
        if self._sent >= MESSAGES_MOST:
            self.close()
        if self._smtp is not None:
            return
        server, context = self._server, ssl.create_default_context()
        if server.tls:
            smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=self._timeout_s, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=self._timeout_s)
        try:
            self._greet(smtp, context)
        except BaseException:
            smtp.close()
            raise
        self._smtp, self._sent = smtp, 0

    def send(self, message: EmailMessage, *, to: str) -> Sent:
        """Send one message to one address; a connection that has broken is opened once more.

        Raises:
            OSError, Refused: as `open`; also where the server refuses our sender for good.
        """
        for last in (False, True):
            self.open()
            assert self._smtp is not None
            try:
                self._smtp.send_message(message, to_addrs=[to])
            except smtplib.SMTPNotSupportedError:
                return Sent(state="refused", line="the server takes no address of that form")
            except smtplib.SMTPRecipientsRefused as error:
                code, text = next(iter(error.recipients.values()))
                return self._answer(code, text, to)
            except smtplib.SMTPSenderRefused as error:
                if error.smtp_code < 500:
                    return self._answer(error.smtp_code, error.smtp_error, to)
                what = f"the server refuses our sender: {error.smtp_code}"
                raise refuse("mail.from", "mail.from", what, "use a sender that the server lets you use") from None
            except smtplib.SMTPResponseException as error:
                return self._answer(error.smtp_code, error.smtp_error, to)
            except OSError:
                self.close()
                if last:
                    return Sent(state="later", line="the server ended the connection")
            else:
                self._sent += 1
                return Sent(state="sent")
        raise AssertionError("unreachable")

    def close(self) -> None:
        """End the connection."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            smtp.quit()
        except OSError:
            smtp.close()

    def _greet(self, smtp: smtplib.SMTP, context: ssl.SSLContext) -> None:
        server = self._server
        smtp.ehlo_or_helo_if_needed()
        if not server.tls and not server.is_loopback and smtp.has_extn("starttls"):
            smtp.starttls(context=context)
            smtp.ehlo()
        elif server.user and not server.tls and not server.is_loopback:
            what = "the server offers no encryption, so the password would go in clear"
            raise refuse("mail.server", "mail.server", what, "use smtps://, or a server with STARTTLS")
        if not server.user:
            return
        try:
            smtp.login(server.user, server.password)
        except smtplib.SMTPAuthenticationError as error:
            what = f"the server does not take this user and password: {error.smtp_code}"
            raise refuse("mail.server", "mail.server", what) from None

    def _answer(self, code: int, text: bytes | str, to: str) -> Sent:
        if code == 421:
            self.close()
        told = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        line = masked(" ".join(told.split()), to)
        return Sent(state="later" if code < 500 else "refused", code=code, line=line)


def why(error: OSError) -> str:
    """A connection's failure in words, without what the server may have quoted."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server answers {error.smtp_code}"
    return f"the mail server cannot be reached: {error.strerror or type(error).__name__}"
