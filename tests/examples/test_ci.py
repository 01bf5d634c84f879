"""The jobs of examples/ci: their own scripts, run by bash as GitHub and GitLab run them, against a real server."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.elsewhere import Elsewhere
from tests.house.code import ROOT

CI = ROOT / "examples" / "ci"
INSTALL = "python3 -m pip install uptake"
LIMIT_S = 120
SUMMARY_MOST = 1024 * 1024
"""Bytes from which on GitHub drops a summary."""


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Elsewhere]:
    made = Elsewhere(tmp_path).start()
    yield made
    made.end()


def bash(script: str, there: Elsewhere, more: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """A script as a runner runs it: bash, ended by the first failure, with `uptake` on the path."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=there.job,
        env=there.env(PATH=path, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


class GitHub:
    """The example's steps, with the files that a runner gives them."""

    def __init__(self, there: Elsewhere) -> None:
        self.there = there
        self.job = YAML(typ="safe").load(CI / "github-actions.yml")["jobs"]["deploy"]
        self.output, self.summary = there.job / "output", there.job / "summary"

    def run(self, step: str, version: str, run_id: str) -> "subprocess.CompletedProcess[str]":
        script = next(one["run"] for one in self.job["steps"] if one["name"] == step)
        return bash(
            script,
            self.there,
            {
                "VERSION": version,
                "GITHUB_OUTPUT": str(self.output),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "GITHUB_RUN_ID": run_id,
                "GITHUB_REPOSITORY": "example/hello",
                "GITHUB_SHA": "0123abc",
                "GITHUB_ACTOR": "kim",
            },
        )


@pytest.mark.slow
def test_github_succeeded_and_held(there: Elsewhere) -> None:
    github = GitHub(there)
    assert [one["name"] for one in github.job["steps"]] == ["Install", "Deploy", "Summary"]
    good = github.run("Deploy", "v2.6.0", "1")
    assert good.returncode == 0, good.stdout
    assert github.output.read_text() == "code=0\n"
    assert there.log == ["2.6.0"]
    assert github.run("Deploy", "v2.6.0", "1").returncode == 0, "the same job again"
    assert there.log == ["2.6.0"], "begins no second run"
    held = github.run("Deploy", "bad", "2")
    assert held.returncode == 0, held.stdout
    assert github.output.read_text().endswith("code=3\n")
    assert "::warning title=Held::" in held.stdout
    assert github.run("Summary", "bad", "2").returncode == 0
    told = github.summary.read_text()
    assert told.startswith("```text\n")
    assert told.endswith("```\n")
    assert "run-2-batch-1" in told, "the summary names the question"
    assert len(told.encode()) < SUMMARY_MOST
    there.end()
    lost = github.run("Deploy", "v3", "3")
    assert lost.returncode == 1
    assert github.output.read_text().endswith("code=1\n")
    assert github.run("Summary", "v3", "3").returncode == 0, "and the summary does not hide why"


def gitlab(there: Elsewhere, job: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """A job of the example, its script and what comes after."""
    jobs = YAML(typ="safe").load(CI / "gitlab-ci.yml")
    assert jobs[job]["before_script"] == [INSTALL]
    given = {
        "CI_PIPELINE_ID": "7",
        "CI_PROJECT_PATH": "example/hello",
        "CI_COMMIT_SHA": "0123abc",
        "GITLAB_USER_LOGIN": "kim",
    }
    done = bash("\n".join(jobs[job]["script"]), there, given | more)
    after = bash("\n".join(jobs[job].get("after_script", [])), there, given | more)
    assert after.returncode == 0, after.stdout
    return done


@pytest.mark.slow
def test_gitlab_succeeded_held_and_answered(there: Elsewhere) -> None:
    jobs = YAML(typ="safe").load(CI / "gitlab-ci.yml")
    assert jobs["deploy"]["allow_failure"] == {"exit_codes": [3]}
    good = gitlab(there, "deploy", CI_COMMIT_TAG="v2.6.0")
    assert good.returncode == 0, good.stdout
    assert there.log == ["2.6.0"]
    held = gitlab(there, "deploy", CI_COMMIT_TAG="bad", CI_PIPELINE_ID="8")
    assert held.returncode == 3, held.stdout
    told = (there.job / "uptake-status.txt").read_text()
    assert "run-2-batch-1" in told
    answered = gitlab(there, "answer", CI_COMMIT_TAG="bad", QUESTION="run-2-batch-1")
    assert answered.returncode == 0, answered.stdout
