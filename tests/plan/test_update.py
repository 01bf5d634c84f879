"""What a run does beside its steps, as the plan says it: values, and every mistake at its place."""

import pytest

from tests.plan.test_observed import problems
from uptake.plan.analysis import Bound, Metric
from uptake.plan.need import bytes_of
from uptake.plan.read import read_plan

PLAN = """\
plan: helpdesk
title: A run with everything around it
deploy:
  service: helpdesk
  version: "2"
  environment: production
  hosts: [web-1, web-2]
  needs: {memory: 512 MB, disk: 1.5GiB, versions: {python3: ">=3.10,<4"}}
  configuration:
    - shell: "migrate"
      run_once: true
      idempotent: false
    - shell: "restart"
  update:
    canary: 1
    auto_promote: false
    health: {checks: [{tcp: "{host}:80"}]}
    before_host: [{haproxy: {socket: /run/haproxy.sock, server: "app/{host}", wait: 0s}}]
    after_host: [{command: "put back {host}"}, {http: {url: "http://lb/{host}", body: {state: ready, weight: 2}}}]
    analysis:
      metrics:
        - name: errors
          prometheus: {url: "http://prom:9090", query: 'up{version="{version}"}'}
          success: "< 1%"
          failure: "> 5%"
        - {name: queue, json: {url: "http://app/metrics", at: $.queue.length}, failure: ">= 250"}
    on_failure: exclude
    max_fail_percentage: 50%
"""


def test_it_is_read_as_it_is_written() -> None:
    assert problems(PLAN) == ()
    deploy = read_plan(PLAN, file="plan.yaml").plan.deploy
    assert deploy is not None
    first, second = deploy.configuration
    assert (first.run_once, first.idempotent, second.run_once, second.idempotent) == (True, False, False, None)
    assert (bytes_of(deploy.needs.memory), bytes_of(deploy.needs.disk)) == (512_000_000, 1_610_612_736)
    update = deploy.update
    assert [hook.kind for hook in (*update.before_host, *update.after_host)] == ["haproxy", "command", "http"]
    assert update.after_host[0].command == ("put", "back", "{host}")
    assert update.after_host[1].http is not None
    assert update.after_host[1].http.body == {"state": "ready", "weight": 2}
    assert update.analysis is not None
    errors, queue = update.analysis.metrics
    assert (errors.success, errors.failure) == (Bound(sign="<", value=0.01), Bound(sign=">", value=0.05))
    assert queue.failure == Bound(sign=">=", value=250)


@pytest.mark.parametrize(
    ("old", "new", "code", "word"),
    [
        ("    canary: 1\n", "", "UP212", "there is none"),
        ("512 MB", "512", "UP126", "`memory` must be a size"),
        ("1.5GiB", "much", "UP126", "`disk` must be a size"),
        (">=3.10,<4", "3.10 or so", "UP126", "to compare with"),
        ("python3:", "python3 -V:", "UP124", "no name of a program"),
        ("on_failure: exclude", "on_failure: hold", "UP212", "excludes none"),
        ('{command: "put back {host}"}', "{}", "UP212", "exactly one"),
        ('server: "app/{host}"', "server: app", "UP125", "backend/name"),
        ("http://lb/{host}", "lb/{host}", "UP125", "must be an address"),
        ("http://lb/{host}", "http://lb/{person.id}", "UP134", "person.id"),
        ('"< 1%"', "1%", "UP122", "a comparison with a number"),
        ('"< 1%"', '"< inf"', "UP122", "a comparison with a number"),
        ("$.queue.length", "queue.length", "UP125", "a path into JSON"),
        (', failure: ">= 250"', "", "UP211", "well"),
        ("name: queue", "name: errors", "UP213", "twice"),
        ("name: queue", "name: queue, command: x", "UP212", "exactly one"),
        ("run_once: true", "run_once: perhaps", "UP123", "true or false"),
        ("run_once: true", "run_twice: true", "UP132", "one name"),
        ('    - shell: "migrate"\n      run_once', "    - run_once", "UP132", "there is none"),
        ('url: "http://prom:9090"', 'url: "http://{host}:9090"', "UP134", "host"),
        ("wait: 0s", "wait: soon", "UP121", "wait"),
    ],
)
def test_each_mistake(old: str, new: str, code: str, word: str) -> None:
    assert old in PLAN
    found = problems(PLAN.replace(old, new, 1))
    assert [problem.code for problem in found] == [code], found
    assert word in found[0].what
    assert found[0].hint
    assert found[0].where.line > 1


@pytest.mark.parametrize(
    ("value", "both", "success", "failure"),
    [
        (0.005, "success", "success", "success"),
        (0.03, "inconclusive", "failure", "success"),
        (0.07, "failure", "failure", "failure"),
        (float("nan"), "inconclusive", "inconclusive", "inconclusive"),
        (float("inf"), "failure", "failure", "failure"),
    ],
)
def test_what_a_measurement_means(value: float, both: str, success: str, failure: str) -> None:
    well, ill = Bound.parse("< 1%"), Bound.parse("> 5%")
    assert Metric(name="m", success=well, failure=ill).judge(value) == both
    assert Metric(name="m", success=well).judge(value) == success
    assert Metric(name="m", failure=ill).judge(value) == failure


def test_without_a_success_nothing_is_one() -> None:
    metric = Metric(name="m", success=Bound.parse("< 1"), inconclusive_limit=9)
    assert metric.verdict(["inconclusive"] * 5) == "inconclusive"
    assert metric.verdict(["inconclusive"] * 4 + ["success"]) == "success"
    assert metric.verdict(["success", "failure"]) == "failure"
    assert metric.verdict([]) == "inconclusive"
