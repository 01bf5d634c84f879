"""scim2-server, unmodified, in a process of its own, and a look into it from the side."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from tests.connect.world import eventually, free_port

TOKEN = "s3cret-of-scim"  # made up
CORE = "urn:ietf:params:scim:schemas:core:2.0:"


class Scim:
    """A running scim2-server, and a look into it from the side."""

    def __init__(self, url: str) -> None:
        self.url = url
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"}
        self._client = httpx.Client(base_url=url, headers=headers, timeout=60)
        self._ids: dict[str, str] = {}
        self.group = ""

    def fill(self, *names: str) -> None:
        for name in names:
            told = self._client.post("/Users", json={"schemas": [f"{CORE}User"], "userName": name})
            self._ids[told.json()["id"]] = name
        told = self._client.post("/Groups", json={"schemas": [f"{CORE}Group"], "displayName": "assistant"})
        self.group = told.json()["id"]

    def add(self, name: str) -> None:
        value = next(one for one, known in self._ids.items() if known == name)
        patch = {"op": "add", "path": "members", "value": [{"value": value}]}
        schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
        self._client.patch(f"/Groups/{self.group}", json={"schemas": schemas, "Operations": [patch]})

    def look(self) -> tuple[set[str], str]:
        """Who is in the group, and the group's version, which each write changes."""
        told = self._client.get(f"/Groups/{self.group}").json()
        return {self._ids[one["value"]] for one in told.get("members", [])}, told["meta"]["version"]

    def members(self) -> set[str]:
        return self.look()[0]

    def answers(self) -> bool:
        with suppress(httpx.TransportError):
            return self._client.get("/ServiceProviderConfig").status_code == 200
        return False

    def close(self) -> None:
        self._client.close()


@contextmanager
def running(folder: Path) -> Iterator[Scim]:
    """One that runs; its log lies in the folder."""
    if find_spec("scim2_server") is None:
        assert os.environ.get("CI") != "true", "scim2-server is not here"
        pytest.skip("not here: scim2-server (a test dependency)")
    port = free_port()
    argv = [str(Path(sys.executable).with_name("scim2-server")), "--port", str(port), "--bearer-token", TOKEN]
    with (folder / "scim.log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log)
    made = Scim(f"http://127.0.0.1:{port}")
    try:
        eventually(lambda: process.poll() is not None or made.answers())
        assert process.poll() is None, f"ended with {process.poll()}: {(folder / 'scim.log').read_text()}"
        yield made
    finally:
        made.close()
        process.terminate()
        process.wait(10)
