"""`uptake serve`: page, flags, intake and the loop, in one process.

The page is read without a token on loopback only, and not behind a proxy; everything else, and
everywhere else, needs a token. The server itself is the web room's.
"""

import gc
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cyclopts import Parameter


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Where TLS comes from.

    Args:
        tls_cert: a PEM file with the certificate chain, for TLS.
        tls_key: a PEM file with its private key, unless the certificate's file holds it.
    """

    tls_cert: str = ""
    tls_key: str = ""


NO_TLS = Tls()
GARBAGE_AFTER = (700, 10, 10)
"""Python's own: no turn of a server is long."""


def run(
    plan: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8600,
    tls: Tls = NO_TLS,
    behind_proxy: bool = False,
    json: bool = False,
) -> int:
    """Serve page, flags and intake, and turn the ring, until Ctrl-C or SIGTERM.

    Args:
        plan: the plan file.
        host: the address to listen on; beyond this machine it needs tokens, and TLS or a proxy.
        port: the port; 0 takes a free one.
        tls: certificate and key, where this server itself brings TLS.
        behind_proxy: a proxy brings TLS; the page then needs a token on loopback too.
        json: print the address as one JSON object.
    """
    from uptake.web.serve import Settings, serve_plan

    gc.freeze()  # what was loaded stays: a server looks for garbage among the rest, often and briefly
    gc.set_threshold(*GARBAGE_AFTER)

    def ready(address: str, name: str) -> None:
        told = f"{name}: page {address}/, flags {address}/ofrep/, events {address}/events"
        if json:
            told = msgspec.json.encode({"schema": 1, "address": address, "plan": name}).decode()
        print(told, flush=True)  # noqa: T201 - a verb's own words

    settings = Settings(host=host, port=port, tls_cert=tls.tls_cert, tls_key=tls.tls_key, behind_proxy=behind_proxy)
    return serve_plan(plan, settings, ready=ready)
