"""A plan served in a process of its own, and the command line as a job elsewhere has it: an address and a token.

The plan's one host is this machine itself (pyinfra's own connector), so nothing but a shell is needed.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PLAN = """\
plan: hello
title: A page that says its version
deploy:
  service: hello
  version: "1"
  environment: test
  hosts: {list: ["@local"]}
  configuration:
    - shell: "while [ -e wait ]; do sleep 0.1; done; test {version} != bad && echo {version} >> log"
  update: {on_failure: hold}
"""
LIMIT_S = 90
STOP_LIMIT_S = 30


class Elsewhere:
    """A folder with the plan, tokens for each role, and a server that can be ended and started again."""

    def __init__(self, folder: Path, plan: str = PLAN) -> None:
        """Write the plan, with its steps in the folder, and make the tokens."""
        self.folder, self.job = folder / "there", folder / "job"
        for one in (self.folder, self.job):
            one.mkdir()
        text = plan.replace(" wait ", f" {self.folder}/wait ").replace(">> log", f">> {self.folder}/log")
        (self.folder / "plan.yaml").write_text(text)
        self.tokens = {role: self._token(role) for role in ("viewer", "operator")}
        self.port, self.child = 0, None

    def start(self) -> "Elsewhere":
        """Serve; again on the same port."""
        command = [sys.executable, "-m", "uptake", "serve", "plan.yaml", "--port", str(self.port), "--json"]
        with (self.folder / "serve.log").open("a") as log:
            self.child = subprocess.Popen(
                command, cwd=self.folder, env=clean(), stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.child.stdout is not None
        told = self.child.stdout.readline()
        if not told:
            self.end()
            raise AssertionError((self.folder / "serve.log").read_text())
        address = json.loads(told)["address"]
        self.port = int(address.rpartition(":")[2])
        return self

    def end(self, number: int = signal.SIGTERM) -> None:
        """End the server."""
        if self.child is not None:
            if self.child.poll() is None:
                os.kill(self.child.pid, number)
            assert self.child.stdout is not None
            self.child.stdout.close()
            self.child.wait(STOP_LIMIT_S)
            self.child = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> list[str]:
        """The versions that the plan's one step was run for, in order."""
        file = self.folder / "log"
        return file.read_text().split() if file.exists() else []

    def receipts(self) -> list[str]:
        """What this machine keeps of the step's commands, as a host: begun, failed, or an exit code of success."""
        kept = (self.folder / ".uptake").glob("*/r/*")
        return [path.read_text().strip() for path in kept]

    def env(self, role: str = "operator", **more: str) -> dict[str, str]:
        """A job's environment."""
        return clean() | {"UPTAKE_URL": self.url, "UPTAKE_TOKEN": self.tokens[role]} | more

    def uptake(self, *words: str, role: str = "operator", **more: str) -> "subprocess.CompletedProcess[str]":
        """One command of a job."""
        return run(words, self.job, self.env(role, **more))

    def here(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """One command on the machine that serves."""
        return run(words, self.folder, clean())

    def begin(self, *words: str) -> "subprocess.Popen[str]":
        """A command of a job that goes on."""
        return subprocess.Popen(
            [sys.executable, "-m", "uptake", *words],
            cwd=self.job,
            env=self.env(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _token(self, role: str) -> str:
        return self.here("token", "add", "plan.yaml", "--name", f"the {role}", "--role", role).stdout.strip()


def clean() -> dict[str, str]:
    """The environment without settings of a server elsewhere, and a width that is the same for all."""
    return {name: text for name, text in os.environ.items() if not name.startswith("UPTAKE_")} | {"COLUMNS": "160"}


def run(words: tuple[str, ...], folder: Path, env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """A command, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "uptake", *words],
        cwd=folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
