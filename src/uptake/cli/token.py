"""`uptake token add | list | revoke`: who may post events, read flags or look at pages.

A token's text is printed once and never kept; the state holds its SHA-256. What a role may do
is the web's business. No part of the ring reads tokens.
"""

from pathlib import Path

import msgspec

from uptake.app.opened import open_plan
from uptake.core.problem import refuse
from uptake.core.time import iso


def add(plan: Path, *, name: str, role: str, json: bool = False) -> int:
    """Make a token and show it once.

    Args:
        plan: the plan file.
        name: who or what will use it.
        role: intake (post events), flags (read exposure), viewer, operator or owner.
        json: print one JSON object.
    """
    store = open_plan(plan).store
    words = store.tokens.add(name, role)
    store.close()
    if json:
        print(msgspec.json.encode({"schema": 1, "name": name, "role": role, "token": words}).decode())
    else:
        print(words)
    return 0


def list_(plan: Path, *, json: bool = False) -> int:
    """List the tokens, without their secrets.

    Args:
        plan: the plan file.
        json: print one JSON object.
    """
    opened = open_plan(plan)
    tokens = opened.store.tokens.list()
    opened.store.close()
    timezone = opened.read.plan.timezone
    rows = [{"name": seen.name, "role": seen.role, "made_at": iso(seen.made_at, timezone)} for seen in tokens]
    if json:
        print(msgspec.json.encode({"schema": 1, "tokens": rows}).decode())
        return 0
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        print(f"{row['name']:<{width}}  {row['role']:<8}  {row['made_at']}")
    if not rows:
        print("no tokens: `uptake token add` makes one")
    return 0


def revoke(plan: Path, *, name: str, json: bool = False) -> int:
    """Revoke a token.

    Args:
        plan: the plan file.
        name: the token's name.
        json: print one JSON object.

    Raises:
        Refused: there is no token of this name.
    """
    store = open_plan(plan).store
    known = [seen.name for seen in store.tokens.list()]
    gone = store.tokens.revoke(name)
    store.close()
    if not gone:
        hint = f"known: {', '.join(known)}" if known else "there are no tokens"
        raise refuse("UP322", str(plan), f"no token is called `{name}`", hint)
    if json:
        print(msgspec.json.encode({"schema": 1, "name": name, "revoked": True}).decode())
    else:
        print(f"revoked: {name}")
    return 0
