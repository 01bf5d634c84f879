"""pyinfra's SSH connector with a guard: a host that falls silent leaves the run, the others go on.

While a command or upload runs the host is asked for a sign of life over the same connection; one
that gives none is dropped and named. Connections are kept for the whole run, whatever the number of States.
"""

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, cast

import gevent
from paramiko import SFTPClient
from pyinfra.api.exceptions import ConnectError
from pyinfra.connectors.ssh import SSHConnector
from pyinfra.connectors.sshuserclient.client import SSHClient
from pyinfra.connectors.util import make_unix_command_for_host
from pyinfra.context import ctx_host

from uptake.connect.hosts.questions import gathered

ALIVE_REQUEST = "keepalive@openssh.com"
NOT_TEXT = ("print_output", "print_input", "_stdin", "_get_pty", "_success_exit_codes")
"""Of a command's options these do not change its text."""
_guarded: ContextVar[bool] = ContextVar("guarded")
"""Whether this greenlet already runs under a guard: an upload's own commands do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds: to connect, between signs of life, for a sign of life, for a command, for an orphan's lock."""

    connect_s: float = 15.0
    beat_s: float = 2.0
    silence_s: float = 8.0
    command_s: float = 600.0
    lock_s: int = 600


@dataclass(slots=True)
class Link:
    """A kept connection. `lost` says why it was dropped, empty while it stands."""

    client: SSHClient
    sftp: SFTPClient | None = None
    lost: str = ""


@dataclass(slots=True)
class Links:
    """The connections of one child process, by host name, and the limits that hold for all."""

    limits: Limits
    by_name: dict[str, Link] = field(default_factory=dict)

    def lost(self, name: str) -> str:
        """Why the host left, or empty."""
        link = self.by_name.get(name)
        return link.lost if link is not None else ""


class GuardedConnector(SSHConnector):
    """What pyinfra uses to reach a host.

    Its state carries `links`; `last_error` keeps what else only pyinfra's log would say.
    """

    last_error = ""

    def connect(self) -> None:
        """Take the kept connection, or make one within the limit.

        Raises:
            ConnectError: no connection, an unknown or another host key, a refused log-in, or a host that left.
        """
        links = self._links()
        link = links.by_name.get(self.host.name)
        if link is not None and link.lost:
            raise ConnectError(link.lost)
        if link is not None and is_active(link.client):
            self.client = link.client
            return
        limit_s = links.limits.connect_s
        try:
            with gevent.Timeout(limit_s):
                super().connect()
        except gevent.Timeout:
            raise ConnectError(f"no connection within {limit_s:g} s") from None
        assert self.client is not None
        links.by_name[self.host.name] = Link(self.client)

    def disconnect(self) -> None:
        """Nothing: connections are kept until the process ends."""

    def get_file_transfer_connection(  # pyright: ignore[reportIncompatibleVariableOverride]
        self,
    ) -> SFTPClient | None:
        """One SFTP session for each connection."""
        link = self._link()
        if link.sftp is None:
            transport = link.client.get_transport()
            assert transport is not None
            link.sftp = SFTPClient.from_transport(transport)
        return link.sftp

    def run_shell_command(self, command: Any, *arguments: Any, **options: Any) -> Any:
        """As pyinfra's, guarded; an operation's `_timeout` is its budget. A prediction's questions are gathered."""
        budget_s = options.pop("_timeout", None)
        questions = cast("Any", self.state).questions
        if questions is not None and not _guarded.get(False) and gathered(options):
            how = {name: value for name, value in options.items() if name not in NOT_TEXT}
            text = make_unix_command_for_host(self.state, self.host, command, **how).get_raw_value()
            return questions.answer(self.host.name, text)
        return self._guard(lambda: SSHConnector.run_shell_command(self, command, *arguments, **options), budget_s)

    def put_file(self, *arguments: Any, **options: Any) -> bool:
        """As pyinfra's, guarded."""
        budget_s = options.pop("_timeout", None)
        return self._guard(lambda: SSHConnector.put_file(self, *arguments, **options), budget_s)

    def get_file(self, *arguments: Any, **options: Any) -> bool:
        """As pyinfra's, guarded."""
        budget_s = options.pop("_timeout", None)
        return self._guard(lambda: SSHConnector.get_file(self, *arguments, **options), budget_s)

    def _links(self) -> Links:
        return cast("Any", self.state).links

    def _link(self) -> Link:
        return self._links().by_name[self.host.name]

    def _guard(self, call: Callable[[], Any], budget_s: float | None) -> Any:
        """Run `call` until it ends, its budget is spent, or the host falls silent."""
        link = self._link()
        if link.lost:
            raise OSError(link.lost)
        if _guarded.get(False):  # an upload's own commands: the outer guard stands
            return call()
        limits = self._links().limits
        budget_s = budget_s or limits.command_s
        deadline = time.monotonic() + budget_s
        worker = gevent.spawn(_caught, call, self.host)
        while True:
            worker.join(timeout=max(0.0, min(limits.beat_s, deadline - time.monotonic())))
            if worker.ready():
                value, error = worker.get()
                if error is None:
                    return value
                self.last_error = str(error) or type(error).__name__
                raise OSError("the connection ended") if isinstance(error, EOFError) else error
            if time.monotonic() >= deadline:
                worker.kill(block=False)
                self.last_error = f"did not end within {budget_s:g} s"
                raise TimeoutError(self.last_error)
            if not _answers(link.client, limits.silence_s):
                worker.kill(block=False)
                link.lost = f"gave no sign of life for {limits.silence_s:g} s"
                gevent.spawn(_close, link.client)
                raise TimeoutError(link.lost)


def _caught(call: Callable[[], Any], host: Any) -> tuple[Any, Exception | None]:
    _guarded.set(True)
    with ctx_host.use(host):
        try:
            return call(), None
        except Exception as error:  # noqa: BLE001  handed to the greenlet that waits, which raises it
            return None, error


def is_active(client: SSHClient) -> bool:
    """Whether the connection stands."""
    transport = client.get_transport()
    return transport is not None and transport.is_active()


def _answers(client: SSHClient, limit_s: float) -> bool:
    """Whether the other side answers anything at all within the limit."""
    transport = client.get_transport()
    if transport is None or not transport.is_active():
        return True  # the call itself fails on a closed connection, with a better reason
    try:
        with gevent.Timeout(limit_s):
            transport.global_request(ALIVE_REQUEST, wait=True)
    except gevent.Timeout:
        return False
    return True


def _close(client: SSHClient) -> None:
    try:
        client.close()
    except (OSError, EOFError):
        return
