"""What is done about a host from here: taking it out of a load balancer before it changes, putting it back after.

Values only; which of them stand where is the model's business, their rules are `update_rules`.
"""

from dataclasses import dataclass, field
from typing import Any

from uptake.core.time import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCall:
    """One HTTP request about a host; strings may hold {host}, {version} and {data.KEY}, secrets by env: and file:."""

    url: str
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Haproxy:
    """A server of haproxy by its runtime API: `socket` is a path or host:port, `server` is backend/name.

    Before a host changes it is drained, and its sessions have `wait` to end; afterwards it is ready again.
    """

    socket: str
    server: str
    wait: Span = Span(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One thing that is done about each host of a batch: exactly one of command, http, haproxy."""

    command: tuple[str, ...] = ()
    http: HostCall | None = None
    haproxy: Haproxy | None = None

    @property
    def kind(self) -> str:
        """Which of them it is."""
        return "haproxy" if self.haproxy else "http" if self.http else "command"
