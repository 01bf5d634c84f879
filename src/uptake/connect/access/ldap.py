"""Access by membership of one group in a directory: OpenLDAP, 389-ds, Active Directory.

Directories take members that are nobody, so the person is looked up first; which codes mean "already so" differs
from server to server, so the reading afterwards has the last word. Nothing is said before TLS stands and the
certificate was verified. A few connections are kept and used by one thread at a time.
"""

import math
import ssl
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Any

from uptake.connect.access.settle import Act, Reply
from uptake.connect.patience import Patience
from uptake.connect.secrets import quieten, resolve
from uptake.connect.template import fill, unnamed
from uptake.core.problem import refuse
from uptake.plan.model import AccessLdap

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # ldap3 asks pyasn1 for names that it has renamed
    import ldap3
    from ldap3.core.exceptions import LDAPException
    from ldap3.utils.conv import escape_filter_chars
    from ldap3.utils.dn import escape_rdn

SUCCESS, SIZE_LIMIT, NO_SUCH_ATTRIBUTE, EXISTS, NO_SUCH_OBJECT = 0, 4, 16, 20, 32
UNWILLING, MAY_NOT_BE_EMPTY, ENTRY_EXISTS = 53, 65, 68
BUSY = frozenset({51, 52})
"""busy, unavailable: asked again."""
ALREADY = {"grant": frozenset({EXISTS, ENTRY_EXISTS}), "withdraw": frozenset({NO_SUCH_ATTRIBUTE, UNWILLING})}
"""Codes that mean "it is so already", if the reading afterwards says the same."""
REFUSED_BIND = frozenset({7, 8, 13, 14, 48, 49, 50, 53})
"""Codes of a bind that another attempt would not change."""


class Away(Exception):
    """The directory is out of reach or busy; `sent` where nobody knows whether the request arrived."""

    def __init__(self, what: str, *, sent: bool = False) -> None:
        super().__init__(what)
        self.sent = sent


class LdapTool:
    """The directory of a plan's `access`."""

    def __init__(self, access: AccessLdap, *, folder: Path, patience: Patience) -> None:
        """Args: access: which group; folder: where `file:` and `ca` begin; patience: how often and how long."""
        quieten()
        self._access = access
        self._folder = folder
        self._patience = patience
        self._closing = threading.Event()
        self._idle: LifoQueue[Any] = LifoQueue()

    def find(self, values: Mapping[str, str]) -> Reply:
        """Her DN, or her `uid` where members are named by it."""
        access = self._access
        if any(not values.get(key, "x") for key in values if f"{{person.{key}}}" in access.person):
            return Reply(state="nobody", lines=("she has nothing to be looked up by: a column of hers is empty",))
        if access.person.startswith("("):
            where = (access.base, fill(access.person, values, escape=escape_filter_chars), ldap3.SUBTREE)
        else:
            where = (fill(access.person, values, escape=escape_rdn), "(objectClass=*)", ldap3.BASE)
        by_name = access.attribute == "memberUid"
        code, said, entries = self._search(*where, attributes=["uid"] if by_name else ["1.1"])
        if code == NO_SUCH_OBJECT and not access.person.startswith("("):
            return Reply(state="nobody", exit_code=code)
        if code != SUCCESS:
            return _failed(code, said, values)
        if len(entries) != 1:
            lines = (f"who she is cannot be told: {len(entries)} entries fit",)
            return Reply(state="failed", lines=lines) if entries else Reply(state="nobody")
        name = entries[0]["dn"]
        if by_name:
            uids = entries[0]["attributes"].get("uid") or [""]
            name = uids[0] if isinstance(uids, list) else uids
        return Reply(state="yes", found=name) if name else Reply(state="failed", lines=("her entry has no uid",))

    def read(self, values: Mapping[str, str], found: str) -> Reply:
        """Whether the group has her."""
        access = self._access
        asked = f"({access.attribute}={escape_filter_chars(found)})"
        code, said, entries = self._search(access.group, asked, ldap3.BASE, attributes=["1.1"])
        if code != SUCCESS:
            return _failed(code, said, values)
        return Reply(state="yes" if entries else "no")

    def write(self, act: Act, values: Mapping[str, str], found: str) -> Reply:
        """Put her into the group, or take her out; the last of a group that may not be empty by its placeholder."""
        access = self._access
        change = {access.attribute: [(ldap3.MODIFY_ADD if act == "grant" else ldap3.MODIFY_DELETE, [found])]}
        code, said = self._modify(change)
        if code == MAY_NOT_BE_EMPTY and act == "withdraw" and access.placeholder:
            change[access.attribute].insert(0, (ldap3.MODIFY_ADD, [access.placeholder]))
            code, said = self._modify(change)
        elif code == MAY_NOT_BE_EMPTY and act == "withdraw":
            said = "she is the last of a group that may not be empty; name a `placeholder`"
        if code is None:
            return Reply(state="unsure", lines=(said,), away=True)
        if code == SUCCESS or code in ALREADY[act]:
            return Reply(state="yes", exit_code=code)
        return _failed(code, said, values)

    def pause(self, attempt: int) -> bool:
        """Wait before reading again."""
        return self._closing.wait(self._patience.pause_s(attempt))

    def close(self) -> None:
        """Wait for nothing more, and give the connections back; what is under way ends by itself."""
        self._closing.set()
        self._hang_up()

    def _search(self, base: str, asked: str, scope: str, *, attributes: list[str]) -> tuple[int, str, list[Any]]:
        """Code, words and entries of a search; at most two entries, which is one too many."""

        def ask(connection: Any) -> tuple[int, str, list[Any]]:
            connection.search(base, asked, search_scope=scope, attributes=attributes, size_limit=2)
            found = [entry for entry in connection.response or () if entry["type"] == "searchResEntry"]
            code = connection.result["result"]
            return SUCCESS if code == SIZE_LIMIT and found else code, _said(connection.result), found

        answer = self._asked(ask, harmless=True)
        assert not isinstance(answer, str), "a search is asked again, not doubted"
        return answer

    def _modify(self, change: Mapping[str, Any]) -> tuple[int | None, str]:
        """Code and words of a change of the group."""

        def ask(connection: Any) -> tuple[int, str, list[Any]]:
            connection.modify(self._access.group, change)
            return connection.result["result"], _said(connection.result), []

        answer = self._asked(ask, harmless=False)
        return (None, answer) if isinstance(answer, str) else answer[:2]

    def _asked(self, ask: Any, *, harmless: bool) -> tuple[int, str, list[Any]] | str:
        """One request, sent again while the directory is away; a text where a write may have arrived or not."""
        told: tuple[int, str, list[Any]] = (SUCCESS, "", [])
        for attempt in range(1, self._patience.attempts_most + 1):
            try:
                with self._connection() as connection:
                    told = ask(connection)
            except Away as away:
                if away.sent and not harmless:
                    return str(away)
                told = (-1, str(away), [])
            if told[0] not in (-1, *BUSY):
                break
            if attempt == self._patience.attempts_most or self._closing.wait(self._patience.pause_s(attempt)):
                break
        return told

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        """A connection of one's own for one request; one that failed is not used again."""
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._connected()
        try:
            yield connection
        except (LDAPException, OSError) as error:
            _drop(connection)
            self._hang_up()
            raise Away(f"the directory did not answer: {type(error).__name__}", sent=True) from None
        if self._closing.is_set():
            _drop(connection)
        else:
            self._idle.put(connection)

    def _hang_up(self) -> None:
        """Close the connections that nobody uses: where one was closed by the other side, so are they."""
        with suppress(Empty):
            while True:
                _drop(self._idle.get_nowait())

    def _connected(self) -> Any:
        """A new connection: TLS first, then the bind.

        Raises:
            Away: the directory is out of reach.
            Refused: the certificate or the bind is not accepted.
        """
        access, wait_s = self._access, math.ceil(self._patience.timeout_s)
        tls = _Verified(access.ca and str(self._folder / access.ca))
        server = ldap3.Server(access.url, tls=tls, get_info=ldap3.NONE, connect_timeout=wait_s)
        password = resolve(access.password, folder=self._folder)
        connection = ldap3.Connection(
            server, user=access.bind, password=password, receive_timeout=wait_s, check_names=False, auto_referrals=False
        )
        try:
            connection.open()
            if not server.ssl and not connection.start_tls():
                hint = "let it offer StartTLS, or write ldaps://"
                raise refuse("access.ldap", access.url, "the directory does not change to TLS", hint)
            connection.bind()
        except (LDAPException, OSError) as error:
            _drop(connection)
            if tls.problem:
                hint = "name the file of its authority in `ca`"
                raise refuse(
                    "access.ldap", access.url, f"its certificate is not trusted: {tls.problem}", hint
                ) from None
            raise Away(f"the directory cannot be reached: {type(error).__name__}") from None
        code = connection.result["result"]
        if code != SUCCESS:
            _drop(connection)
            if code in REFUSED_BIND:
                what = f"the directory does not let `{access.bind}` in: code {code}"
                raise refuse("access.ldap", access.url, what, "look at `bind` and at the password")
            raise Away(f"the directory does not let us in now: code {code}")
        return connection


class _Verified(ldap3.Tls):
    """TLS as Python does it by itself: the chain and the name are verified in the handshake."""

    def __init__(self, ca: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self.problem = ""
        try:
            self._context = ssl.create_default_context(cafile=ca or None)
        except OSError as error:
            raise refuse("access.ldap", ca, f"these certificates cannot be read: {error.strerror or error}") from None

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:  # noqa: ARG002  ldap3's form
        try:
            connection.socket = self._context.wrap_socket(
                connection.socket, server_hostname=connection.server.host, do_handshake_on_connect=True
            )
        except ssl.SSLCertVerificationError as error:
            self.problem = error.verify_message
            raise


def _drop(connection: Any) -> None:
    """Close a connection, also one that never stood."""
    with suppress(LDAPException, OSError):
        connection.unbind()
    if connection.socket is not None:
        connection.socket.close()


def _said(result: Mapping[str, Any]) -> str:
    """The directory's own words of a refusal."""
    return ": ".join(part for part in (result.get("description", ""), result.get("message", "")) if part)


def _failed(code: int, said: str, values: Mapping[str, str]) -> Reply:
    """A request that was refused, or never got there."""
    away = code == -1 or code in BUSY
    lines = unnamed([f"LDAP {code}", said] if code != -1 else [said], values)
    return Reply(state="failed", exit_code=None if code == -1 else code, lines=tuple(x for x in lines if x), away=away)
