"""What the environment sets: the only room besides `connect` that reads it.

A plan's own secrets are not settings: they are references that `connect.secrets` resolves.
"""

import os


def lease_ttl_s() -> float | None:
    """UPTAKE_LEASE_TTL_S: the lease's time to live in seconds; None for the store's own."""
    text = os.environ.get("UPTAKE_LEASE_TTL_S", "")
    return float(text) if text else None


def wants_plain() -> bool:
    """NO_COLOR: no colour, whatever the terminal can."""
    return bool(os.environ.get("NO_COLOR"))


def served_elsewhere() -> tuple[str, str] | None:
    """UPTAKE_URL and UPTAKE_TOKEN: the server that acts for this machine, and what proves who asks; None for none."""
    url = os.environ.get("UPTAKE_URL", "").strip()
    return (url, os.environ.get("UPTAKE_TOKEN", "").strip()) if url else None
