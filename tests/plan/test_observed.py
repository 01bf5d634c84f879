"""A deployment by others: what the plan says, what it means for the half, and every mistake at its place."""

import pytest

from uptake.core.problem import Problem
from uptake.plan.check import check
from uptake.plan.fact import Facts
from uptake.plan.model import Check
from uptake.plan.observed import Observed
from uptake.plan.read import read_draft, read_plan

PLAN = """\
plan: helpdesk
title: Deployed by others
deploy:
  service: helpdesk
  version: "2.6.0"
  environment: production
  observed:
    http: https://helpdesk.example.org/version
    version_at: $.version
    expect: "v{version}"
"""


def problems(text: str) -> tuple[Problem, ...]:
    """Everything that `uptake check` would say of the text."""
    draft = read_draft(text, file="plan.yaml")
    return (*draft.problems, *(check(draft.read, Facts()) if draft.read is not None else ()))


def test_it_is_a_half_with_one_check_and_no_hosts() -> None:
    assert problems(PLAN) == ()
    deploy = read_plan(PLAN, file="plan.yaml").plan.deploy
    assert deploy is not None
    assert deploy.observed is not None
    assert (deploy.observed.agree, str(deploy.observed.every)) == (3, "30s")
    assert deploy.update.health.checks == (Check(kind="version", target="https://helpdesk.example.org/version"),)
    assert (deploy.update.on_failure, deploy.hosts.list_) == ("hold", ())


def test_versions_have_the_declared_prefix_taken_off() -> None:
    observed = Observed(http="", version_at="", expect="v{version}-x")
    assert observed.told_for("2") == "v2-x"
    assert [observed.version_of(told) for told in ("v2-x", "2", "v2")] == ["2", "2", "v2"]


@pytest.mark.parametrize(
    ("old", "new", "code", "word"),
    [
        ("$.version", "$version", "UP125", "no path into JSON"),
        ("$.version", "'header: '", "UP125", "names no header"),
        ("$.version", "'version (.*'", "UP125", "no pattern"),
        ("$.version", "'version .*'", "UP125", "one group"),
        ("v{version}", "v", "UP125", "{version} once"),
        ("  observed:\n", "  observed:\n    agree: 21\n", "UP122", "from 1 to 20"),
        ("  observed:\n", "  observed:\n    healthy_deadline: 1m\n", "UP215", "1m"),
        ("  observed:\n", "  observed:\n    secret: abc\n", "UP207", "secret"),
        ("  observed:\n", "  observed:\n    headers: {Authorization: Bearer abc}\n", "UP207", "Authorization"),
        ("  observed:\n", "  hosts: [web-1]\n  observed:\n", "UP212", "hosts"),
        ("  observed:\n", "  tests: [{tcp: 'a:1'}]\n  observed:\n", "UP212", "tests"),
        ("https:", "ftp:", "UP1", "http"),
        ("  observed:\n", "  observed:\n    expct: v\n", "UP110", "expct"),
    ],
)
def test_every_mistake_is_found(old: str, new: str, code: str, word: str) -> None:
    (problem,) = problems(PLAN.replace(old, new, 1))
    assert problem.code.startswith(code), problem
    assert word in problem.what
    assert problem.hint
    assert problem.where.line >= 7


def test_a_half_needs_hosts_or_an_address() -> None:
    (problem,) = problems(PLAN[: PLAN.index("  observed:")])
    assert (problem.code, "observed" in problem.hint) == ("UP111", True)
