"""The shipped templates against their vendors' documented answers, and what every template must be like."""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, cast

import pytest

from tests.connect.access.vendors import ALSO_NEW, IN_ALREADY, KEY, NEW, STRANGER, TOKEN, VENDORS, Vendor, running
from tests.connect.world import World, grant, outcome, person, plan, withdraw
from uptake.connect.access.worker import GrantedAccess
from uptake.core.action import Outcome
from uptake.plan.model import Access, HttpCall
from uptake.plan.placeholder import placeholders
from uptake.plan.shape import validator
from uptake.plan.template import Template, names, read_template, template
from uptake.plan.tree import read_tree
from uptake.plan.value import Mistakes

FOLDER = files("uptake.plan").joinpath("templates")
SECRET = "s3cret"  # made up


@pytest.fixture(params=sorted(VENDORS))
def vendor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    pem = KEY.as_pem(private=True).decode()
    google = {"type": "service_account", "private_key": pem, "client_email": "uptake@example.iam.gserviceaccount.com"}
    monkeypatch.setenv("GRAPH_SECRET", SECRET)
    monkeypatch.setenv("OKTA_KEY", pem)
    monkeypatch.setenv("GOOGLE_KEY", json.dumps(google))
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    with running(VENDORS[request.param]()) as made:
        yield made


def access(vendor: Vendor, **more: str) -> Access:
    name = next(name for name, kind in VENDORS.items() if isinstance(vendor, kind))
    return Access(template=name, with_=vendor.parameters() | more)


def everybody(here: World) -> None:
    here.know(*(person(n, github=f"person{n}") for n in range(1, 5)))


def run(here: World, action: Any, way: Access) -> Outcome:
    port = GrantedAccess(**here.parts(plan(access=way)))
    port.accept(action)
    ended = outcome(port, here.wake)
    port.close()
    return ended


def test_granted_withdrawn_and_each_again(here: World, vendor: Vendor) -> None:
    """One is in already, one is nobody: membership is the wave's, and a second round writes nothing."""
    everybody(here)
    ended = run(here, grant(), access(vendor))
    assert (ended.ok, ended.counts) == (False, {"done": 3, "nobody": 1})
    assert [one.target for one in ended.failures] == [person(4).pid]
    assert vendor.members == vendor.ids(IN_ALREADY, NEW, ALSO_NEW)
    assert vendor.writes() == 2
    assert run(here, grant(ordinal=1), access(vendor)).counts == {"done": 3, "nobody": 1}
    assert vendor.writes() == 2
    ended = run(here, withdraw(), access(vendor))
    assert (ended.ok, ended.counts) == (True, {"done": 2, "kept": 1, "nobody": 1})
    assert vendor.members == vendor.ids(IN_ALREADY)
    assert vendor.writes() == 4
    assert run(here, withdraw(ordinal=1), access(vendor)).ok
    assert vendor.writes() == 4
    assert all(STRANGER not in path or method == "GET" for method, path in vendor.asked)
    assert not any(method == "DELETE" and "/members/" in path and "admin" not in path and not path.endswith("/$ref")
                   for method, path in vendor.asked)  # fmt: skip


BUSY: dict[str, Any] = {
    "graph": (429, {"error": {"code": "TooManyRequests"}}, {"Retry-After": "0"}),
    "okta": (429, {"errorCode": "E0000047"}, {"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "1"}),
    "google": (403, {"error": {"code": 403, "errors": [{"reason": "quotaExceeded"}]}}),
    "copilot": (403, {"message": "You have exceeded a secondary rate limit."}, {"Retry-After": "0"}),
}


def test_a_vendor_that_asks_to_come_back_is_asked_again(here: World, vendor: Vendor) -> None:
    here.know(person(2, github="person2"))
    vendor.busy = [BUSY[access(vendor).template]]
    assert run(here, grant(), access(vendor)).counts == {"done": 1}


def test_a_refusal_says_why_and_holds_no_secret(here: World, vendor: Vendor) -> None:
    here.know(person(2, github="person2"))
    sent = TOKEN if template(access(vendor).template).http.oauth is None else f"{TOKEN}-1"
    vendor.busy = [(403, {"message": f"no right to do so: {sent}"})]
    ended = run(here, grant(), access(vendor))
    assert (ended.counts, ended.failures[0].exit_code) == ({"failed": 1}, 403)
    assert "no right to do so" in ended.failures[0].lines[1]
    assert sent not in repr(ended)


def test_one_token_serves_a_wave_and_a_refused_one_is_fetched_again(here: World, vendor: Vendor) -> None:
    if template(access(vendor).template).http.oauth is None:
        pytest.skip("this vendor's token is given by the plan")
    here.know(person(2), person(3))
    vendor.busy = [(401, {"error": "the token has expired"})]
    assert run(here, grant(), access(vendor)).counts == {"done": 2}
    assert vendor.tokens == 2


def test_no_token_is_a_problem_of_the_plan_and_nobodys_failure(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPH_SECRET", "wrong-one")
    everybody(here)
    with running(VENDORS["graph"]()) as vendor:
        ended = run(here, grant(), access(vendor))
    assert (ended.ok, ended.counts) == (False, {"wanted": 4})
    assert "HTTP 401, invalid_client" in ended.failures[0].lines[0]
    assert "wrong-one" not in repr(ended)


@pytest.mark.parametrize("pem", ["no key", "{}", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"])
def test_a_key_that_cannot_sign_is_said(here: World, monkeypatch: pytest.MonkeyPatch, pem: str) -> None:
    monkeypatch.setenv("OKTA_KEY", pem)
    here.know(person(2))
    with running(VENDORS["okta"]()) as vendor:
        ended = run(here, grant(), access(vendor))
    assert "no private key" in ended.failures[0].lines[0]


def test_whom_a_column_does_not_name_is_nobody_and_nothing_is_asked(here: World, vendor: Vendor) -> None:
    """An empty name in an address would mean the whole collection."""
    here.know(person(2, email="", github=""))
    assert run(here, grant(), access(vendor)).counts == {"nobody": 1}
    assert [path for _, path in vendor.asked if not vendor.is_sign_in(path)] == []


@pytest.mark.parametrize("name", names())
def test_a_template_has_no_mistakes_but_its_own_placeholders(name: str) -> None:
    text = FOLDER.joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    tree, problems = read_tree(text, file=name)
    mistakes = Mistakes()
    made = cast("Template", validator(Template).validate_python(tree, context=mistakes))
    assert not problems
    assert not [p for p in mistakes.problems if "{with." not in rows(text)[p.where.line - 1]]
    assert made == read_template(text, file=name)
    assert len(made.as_of) == len("2026-11")


def rows(text: str) -> list[str]:
    return text.splitlines()


@pytest.mark.parametrize("name", names())
def test_a_template_uses_what_it_takes_finds_first_and_reads(name: str) -> None:
    made = template(name)
    text = FOLDER.joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    body = text.partition("\nhttp:")[2]
    used = {found for found, _ in placeholders(body)}
    assert {one.removeprefix("with.") for one in used if one.startswith("with.")} == {one.name for one in made.takes}
    assert {one for one in used if not one.startswith("with.")} == {"found"}
    assert made.http.resolve is not None
    assert made.http.read is not None
    assert all("{found}" in repr(call) for call in (made.http.read, made.http.grant, made.http.withdraw))
    kinds = {one.name: one.kind for one in made.takes}
    assert {kinds.get(name) for name in ("token", "secret", "key")} <= {"secret", None}
    assert "secret" in kinds.values()
    assert isinstance(made.http.grant, HttpCall)
