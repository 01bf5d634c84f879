"""Where the server listens, and when it refuses to: never in reach of others without TLS and tokens.

It opens the socket and knows who may read the page without a token. It serves nothing.
"""

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from uptake.core.problem import refuse
from uptake.web.auth import DoorRule, TokenSource, is_loopback

FLAGS_PER_S = 2000.0
"""Flag requests that one token may make, second for second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where and how to listen.

    Args:
        host: an address; beyond loopback tokens are needed, and TLS or a proxy.
        port: 0 takes a free one.
        tls_cert: a PEM file with the certificate chain, for TLS.
        tls_key: a PEM file with its private key; empty where `tls_cert` holds it too.
        behind_proxy: a proxy brings TLS; the page then needs a token on loopback too.
        flags_per_s: see `FLAGS_PER_S`.
    """

    host: str = "127.0.0.1"
    port: int = 8600
    tls_cert: str = ""
    tls_key: str = ""
    behind_proxy: bool = False
    flags_per_s: float = FLAGS_PER_S

    @property
    def secure(self) -> bool:
        """Whether browsers come by https."""
        return bool(self.tls_cert) or self.behind_proxy


def door_rule(settings: Settings) -> DoorRule:
    """The page is free on loopback without a proxy, and nowhere else; the cookie's name binds it to its host."""
    free = is_loopback(settings.host) and not settings.behind_proxy
    return DoorRule(page_is_free=free, cookie="__Host-uptake" if settings.secure else "uptake")


def check_exposed(settings: Settings, tokens: TokenSource) -> None:
    """Refuse to listen where others could come in unseen.

    Raises:
        Refused: beyond loopback without TLS or proxy, without any token, or with a certificate that does not load.
    """
    if settings.tls_cert or settings.tls_key:
        _check_tls(settings)
    if is_loopback(settings.host) and not settings.behind_proxy:
        return
    if not settings.secure:
        raise refuse(
            "SERVE_PLAIN",
            "serve",
            f"{settings.host} can be reached from other machines, and the traffic would not be encrypted.",
            "Give --tls-cert and --tls-key, or --behind-proxy where a proxy brings TLS, or listen on 127.0.0.1.",
        )
    if not tokens():
        raise refuse(
            "SERVE_NO_TOKEN",
            "serve",
            "The server can be reached from other machines, and there is no token yet.",
            "Make one: uptake token add PLAN --name NAME --role viewer",
        )


def _check_tls(settings: Settings) -> None:
    """Load certificate and key as the server will.

    Raises:
        Refused: a key without a certificate, a file that cannot be read, is no PEM, or a key of another certificate.
    """
    hint = "Both are PEM: --tls-cert holds the chain, --tls-key its private key, without a passphrase."
    if not settings.tls_cert:
        raise refuse("SERVE_TLS", settings.tls_key, "There is a key for TLS and no certificate.", hint)
    for name in filter(None, (settings.tls_cert, settings.tls_key)):
        try:
            with Path(name).open("rb"):
                pass
        except OSError as error:
            raise refuse("SERVE_TLS", name, f"The file cannot be read: {error.strerror or error}.", hint) from error
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.tls_cert, settings.tls_key or None, password=lambda: "")
    except (OSError, ValueError) as error:
        cause = getattr(error, "reason", "") or str(error)
        words = {"KEY_VALUES_MISMATCH": "The key belongs to another certificate."}
        what = words.get(cause, f"TLS cannot be set up with this file: {cause}.")
        raise refuse("SERVE_TLS", settings.tls_key or settings.tls_cert, what, hint) from error


def bind(settings: Settings) -> socket.socket:
    """A listening socket.

    Raises:
        Refused: the address cannot be taken.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((settings.host, settings.port))
        made.listen(1024)
    except OSError as error:
        made.close()
        raise refuse(
            "SERVE_ADDRESS",
            "serve",
            f"{settings.host} port {settings.port} cannot be listened on: {error.strerror or error}.",
            "Choose another with --port, or stop what listens there.",
        ) from error
    return made


def address(settings: Settings, listening: socket.socket) -> str:
    """Where the server answers."""
    port = listening.getsockname()[1]
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{'https' if settings.tls_cert else 'http'}://{host}:{port}"
