"""A service's lock as one child process holds it: taken once, renewed until it is given back or lost.

What it is and how hosts know it stands in `lock`. It decides nothing: whoever could not take it is told who has it.
"""

from collections.abc import Callable
from typing import Any

import gevent
from pyinfra.api.host import Host

from uptake.connect.hosts.lock import LOCKED, LOST, Terms, claim_script, release_script, said_of

TRY_S = 0.5
"""So long between two tries to take it."""
TELL_S = 5.0
"""So often a wait is told."""


class Lock:
    """The lock of one service and environment, on the host where it was taken."""

    def __init__(self, terms: Terms, run: Callable[..., Any], tell: Callable[[str], None]) -> None:
        """Args: terms; run: a script on a host, as the session runs them; tell: that it is waited for, in words."""
        self.terms, self.epoch = terms, 0
        self._run, self._tell = run, tell
        self._host: Host | None = None
        self._renewing: gevent.Greenlet[..., None] | None = None

    @property
    def held(self) -> bool:
        """Whether it is ours, as far as is known here."""
        return self.epoch > 0

    def take(self, host: Host, *, least: int = 0) -> tuple[str, Any]:
        """Take it on a host, waiting at most `wait_s`: how (kept, fresh, taken), or empty and why not."""
        waited_s = 0.0
        while True:
            lines: list[str] = []
            failure = self._run(host, claim_script(self.terms, _base(host), least=least), lines)
            if failure is None:
                how, _, epoch = lines[-1].partition(" ")
                self.epoch, self._host = int(epoch), host
                if self._renewing is None:
                    self._renewing = gevent.spawn(self._renew)
                return how, None
            if failure.exit_code != LOCKED or waited_s >= self.terms.wait_s:
                return "", failure
            if waited_s % TELL_S < TRY_S:
                self._tell(said_of(failure.lines))
            gevent.sleep(TRY_S)
            waited_s += TRY_S

    def release(self) -> None:
        """Give it back; nothing where it is not ours."""
        if self._renewing is not None:
            self._renewing.kill(block=False)
            self._renewing = None
        if self._host is not None and self.held:
            self._run(self._host, release_script(self.terms, _base(self._host)))
        self.epoch = 0

    def _renew(self) -> None:
        while self._host is not None and self.held:
            gevent.sleep(self.terms.ttl_s / 3)
            failure = self._run(self._host, claim_script(self.terms, _base(self._host), renew=True))
            if failure is not None and failure.exit_code == LOST:
                self.epoch = 0
                self._renewing = None
                return


def _base(host: Host) -> str:
    return str(host.data.get("base") or "")
