"""Text to Plan: the forms of the file, and what stays text."""

import hashlib

import pytest

from tests.plan.plans import WHOLE
from uptake.core.problem import PlanRefused, Where
from uptake.core.time import Span
from uptake.plan.model import Check, Step
from uptake.plan.read import read_plan


def test_the_forms_of_the_file_become_values() -> None:
    plan = read_plan(WHOLE, file="plan.yaml").plan
    assert plan.deploy is not None
    assert plan.implement is not None
    assert plan.deploy.version == "1.10"
    assert plan.deploy.infrastructure == (
        Step(name="files.directory", arguments={"path": "/srv/helpdesk", "mode": "755", "_sudo": True}),
        Step(name="apt.update", arguments={}),
    )
    assert plan.deploy.configuration[0] == Step(name="run", arguments={"": "configure.py"})
    assert plan.deploy.configuration[3] == Step(
        name="server.shell", arguments={"commands": "systemctl restart helpdesk"}
    )
    assert plan.deploy.tests == (
        Check(kind="http", target="http://{host}:8080/t/", expect=200, contains="Welcome"),
        Check(kind="http", target="http://{host}:8080/t/", expect=204),
        Check(kind="tcp", target="{host}:8080"),
        Check(kind="command", target="curl 'http://{host}/a b'", expect=1),
    )
    assert plan.deploy.update.max_parallel == 0.25
    assert plan.implement.waves.sizes == (0.1, 0.2, 0.3, 0.3)
    assert plan.implement.gate.else_ == "hold"
    assert plan.implement.gate.at == Span(days=21)
    assert plan.implement.announce[0].at == Span(days=-14)
    access = plan.implement.expose.access
    assert access is not None
    assert access.http is not None
    assert access.http.grant.method == "POST"
    assert access.http.grant.body == {
        "user": "{person.email}", "seats": 1, "beta": True, "rate": 0.5, "level": "1.10", "note": None
    }  # fmt: skip
    assert plan.implement.audience.from_ == "people.csv"


def test_places_and_digest() -> None:
    read = read_plan(WHOLE, file="plan.yaml")
    assert read.marks["implement.gate.adoption"] == Where(file="plan.yaml", line=51, column=10, width=8)
    assert read.marks["deploy.configuration.1"].line == 17
    assert read.digest == hashlib.sha256(WHOLE.encode()).hexdigest()
    assert read.where("implement.gate.missing.deeper") == read.marks["implement.gate"]


def test_releases() -> None:
    text = WHOLE.replace("dest: /srv/helpdesk}", "dest: /srv/helpdesk, keep_releases: 2}")
    deploy = read_plan(text, file="p").plan.deploy
    assert deploy is not None
    assert deploy.configuration[1].arguments["keep_releases"] == 2
    with pytest.raises(PlanRefused) as caught:
        read_plan(text.replace("dest: /srv/helpdesk, keep_releases: 2", "dest: srv, keep_releases: 0"), file="p")
    assert [p.code for p in caught.value.problems] == ["UP125", "UP122"]


def test_hosts_in_short_and_percentages_exactly() -> None:
    text = "plan: a\ntitle: b\ndeploy: {service: s, version: v, environment: e, hosts: [a, b]}\n"
    text = text.replace("[a, b]", "[a, b], update: {max_parallel: 7%}")
    deploy = read_plan(text, file="p").plan.deploy
    assert deploy is not None
    assert deploy.hosts.list_ == ("a", "b")
    assert deploy.update.max_parallel == 0.07
    assert deploy.update.health.interval == Span(seconds=2)
