"""Access by HTTP templates against a real local server: already, absent, busy, slow, secrets, escaping."""

import json
import logging
import time
from dataclasses import replace

import pytest

from tests.connect.access.conftest import Service
from tests.connect.world import QUICK, World, free_port, grant, outcome, person, plan, withdraw
from uptake.connect.access.worker import PEOPLE_AT_ONCE, GrantedAccess
from uptake.connect.patience import AWAY_MOST
from uptake.core.action import Outcome
from uptake.plan.model import Access, AccessHttp, HttpCall


def template(url: str, **calls: HttpCall | None) -> Access:
    member = url + "/members/{person.employee_id}"
    known = {
        "read": HttpCall(method="GET", url=member, absent=(404,)),
        "grant": HttpCall(method="POST", url=member, already=(400,)),
        "withdraw": HttpCall(method="DELETE", url=member, absent=(410,)),
    }
    return Access(http=AccessHttp(**(known | calls)))


def run(here: World, action, access: Access, patience=QUICK) -> Outcome:
    port = GrantedAccess(**here.parts(plan(access=access), patience))
    port.accept(action)
    ended = outcome(port, here.wake)
    port.close()
    return ended


def test_reads_writes_the_difference_and_reads_again(here: World, service: Service) -> None:
    here.know(*(person(n) for n in range(1, 11)))
    service.members.members = {"00003", "elsewhere"}
    ended = run(here, grant(), template(service.url))
    assert (ended.ok, ended.counts) == (True, {"done": 10})
    assert service.members.members == {f"{n:05}" for n in range(1, 11)} | {"elsewhere"}
    assert [m for m, p in service.members.asked if p.endswith("00004")] == ["GET", "POST", "GET"]
    assert [m for m, p in service.members.asked if p.endswith("00003")] == ["GET"]
    assert set(service.members.connections.values()) == {1}
    ended = run(here, withdraw(), template(service.url))
    assert (ended.ok, ended.counts) == (True, {"done": 9, "kept": 1})
    assert service.members.members == {"00003", "elsewhere"}


def test_without_a_reading_already_and_absent_count_as_so(here: World, service: Service) -> None:
    here.know(person(1), person(2))
    service.members.members = {"00001"}
    access = template(service.url, read=None)
    assert run(here, grant(), access).counts == {"done": 2}
    service.members.members = {"00001"}
    assert run(here, withdraw(), access).counts == {"done": 2}
    assert service.members.members == set()


def test_an_already_that_is_not_listed_is_believed_only_to_the_reading(here: World, service: Service) -> None:
    here.know(person(1))
    service.members.busy = [(404, {}), (409, {})]
    service.members.members = {"00001"}
    ended = run(here, grant(), template(service.url))
    assert (ended.ok, ended.counts) == (True, {"done": 1})


def test_nobody_is_named(here: World, service: Service) -> None:
    here.know(person(1), person(2))
    service.members.people = {"00001"}
    member = service.url + "/members/{person.id}"
    access = template(service.url, grant=HttpCall(method="POST", url=member, absent=(404,)))
    ended = run(here, grant(), access)
    assert (ended.ok, ended.counts) == (False, {"done": 1, "nobody": 1})
    assert [(f.target, f.state, f.exit_code) for f in ended.failures] == [(person(2).pid, "nobody", 404)]


def test_a_server_that_accepts_anybody_is_not_believed(here: World, service: Service) -> None:
    here.know(person(1))
    service.members.busy = [(404, {}), (204, {})]
    ended = run(here, grant(), template(service.url))
    assert (ended.ok, ended.counts) == (False, {"failed": 1})
    assert "reading again says otherwise" in ended.failures[0].lines[0]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_busy_is_asked_again_when_the_server_says(here: World, service: Service, status: int) -> None:
    here.know(person(1))
    service.members.busy = [(status, {"Retry-After": "1"})]
    began = time.monotonic()
    ended = run(here, grant(), template(service.url), replace(QUICK, longest_s=5.0))
    assert (ended.ok, time.monotonic() - began > 1.0) == (True, True)


def test_a_date_or_a_limits_end_says_when_to_come_back(here: World, service: Service) -> None:
    """Both lie behind: the one attempt that would wait for minutes by itself comes at once."""
    here.know(person(1))
    past = {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
    limit = {"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "1700000000"}
    service.members.busy = [(503, past), (429, limit)]
    assert run(here, grant(), template(service.url), replace(QUICK, first_s=600.0, longest_s=600.0)).ok


def test_who_was_given_it_by_hand_after_a_withdrawal_keeps_it_the_next_time(here: World, service: Service) -> None:
    here.know(person(1))
    assert run(here, grant(), template(service.url)).counts == {"done": 1}
    assert run(here, withdraw(), template(service.url)).counts == {"done": 1}
    service.members.members = {"00001"}
    assert run(here, grant(ordinal=1), template(service.url)).counts == {"done": 1}
    assert run(here, withdraw(ordinal=1), template(service.url)).counts == {"kept": 1}
    assert service.members.members == {"00001"}


def test_two_pages_are_read_and_a_next_page_elsewhere_is_not(here: World, service: Service) -> None:
    """A token goes to no other server than the plan's."""
    here.know(person(1))
    read = HttpCall(method="GET", url=service.url + "/list", where={"status": "none"})
    elsewhere = {"Link": f'<http://127.0.0.1:{free_port()}/stolen>; rel="next"'}
    onward = {"Link": '</more>; rel="next"'}
    service.members.busy = [(200, onward), (200, elsewhere)]
    access = template(service.url, read=read)
    assert run(here, withdraw(), access).counts == {"done": 1}
    assert [path for _, path in service.members.asked] == ["/list", "/more"]


def test_busy_for_ever_ends_as_failed(here: World, service: Service) -> None:
    here.know(person(1))
    service.members.busy = [(503, {"Retry-After": "3600"})] * 99
    ended = run(here, grant(), template(service.url))
    assert (ended.counts, ended.failures[0].exit_code) == ({"failed": 1}, 503)
    assert len(service.members.asked) == QUICK.attempts_most


def test_a_slow_write_is_settled_by_reading_else_in_doubt(here: World, service: Service) -> None:
    here.know(person(1))
    service.members.write_delay_s = 0.6
    patience = replace(QUICK, timeout_s=0.2)
    assert run(here, grant(), template(service.url), patience).counts == {"done": 1}
    ended = run(here, withdraw(), template(service.url, read=None), patience)
    assert (ended.ok, ended.counts) == (False, {"in doubt": 1})
    service.members.write_delay_s = 0.0
    assert run(here, withdraw(), template(service.url), patience).counts == {"done": 1}


def test_no_server_is_a_failure_in_words(here: World) -> None:
    here.know(person(1))
    ended = run(here, grant(), template(f"http://127.0.0.1:{free_port()}"))
    assert ended.counts == {"failed": 1}
    assert "cannot be reached" in ended.failures[0].lines[0]
    assert ended.failures[0].exit_code is None


def test_values_are_escaped_for_where_they_go_and_never_resolved(
    here: World, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED", "s3cret-value")
    here.know(person(1, name='A "B"\r\nX-Evil: 1', email="env:PLANTED", site="../admin?x=1"))
    url = service.url + "/{person.site}/{person.id}"
    headers = {"X-Name": "{person.name}", "X-Mail": "{person.email}", "Authorization": "env:PLANTED"}
    call = HttpCall(
        method="POST",
        url=url,
        headers=headers,
        body={"who": ["{person.name}", "{person.email}"], "n": 1, "t": "env:PLANTED"},
    )
    assert run(here, grant(), template(service.url, grant=call, read=None)).ok
    assert service.members.asked == [("POST", "/..%2Fadmin%3Fx%3D1/00001")]
    (sent,) = service.members.headers
    assert (sent["X-Name"], sent["X-Mail"]) == ('A "B" X-Evil: 1', "env:PLANTED")
    assert sent["Authorization"] == "s3cret-value"
    body = json.loads(service.members.bodies[0])
    assert body == {"who": ['A "B"\r\nX-Evil: 1', "env:PLANTED"], "n": 1, "t": "s3cret-value"}


@pytest.mark.parametrize(
    ("kind", "body", "sent"),
    [
        ("application/json", '{"n": "{person.name}"}', b'{"n": "A \\"B\\" & C"}'),
        ("application/x-www-form-urlencoded", "n={person.name}", b"n=A+%22B%22+%26+C"),
        ("text/xml", "<n>{person.name}</n>", b"<n>A &quot;B&quot; &amp; C</n>"),
    ],
)
def test_a_text_body_is_escaped_by_its_media_type(
    here: World, service: Service, kind: str, body: str, sent: bytes
) -> None:
    here.know(person(1, name='A "B" & C'))
    call = HttpCall(method="POST", url=service.url + "/m/{person.id}", headers={"content-type": kind}, body=body)
    assert run(here, grant(), template(service.url, grant=call, read=None)).ok
    assert service.members.bodies == [sent]


def test_a_secret_is_in_no_log_and_no_evidence(
    here: World, service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.DEBUG)
    monkeypatch.setenv("PLANTED", "Bearer s3cret-value")
    here.know(person(1))
    call = HttpCall(method="POST", url=service.url + "/m/{person.id}", headers={"Authorization": "env:PLANTED"})
    service.members.busy = [(500, {})]
    ended = run(here, grant(), template(service.url, grant=call, read=None))
    assert ended.counts == {"failed": 1}
    assert "Authorization" in ended.failures[0].lines[1]
    told = repr(ended) + caplog.text + "".join(capfd.readouterr())
    assert "s3cret" not in told
    assert "00001" not in told.replace(person(1).pid, "")


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Authorization": "env:NOT_SET"}, "not set"),
        ({"Authorization": "file:none.txt"}, "cannot be read"),
        ({"Authorization": "Bearer env:NOT_SET"}, "stands alone"),
        ({"X": "{person.shoe}"}, "no such column"),
    ],
)
def test_a_template_that_cannot_be_filled_leaves_everyone_wanted(
    here: World, service: Service, headers: dict[str, str], said: str
) -> None:
    here.know(person(1), person(2))
    call = HttpCall(method="POST", url=service.url + "/m/{person.id}", headers=headers)
    ended = run(here, grant(), template(service.url, grant=call, read=None))
    assert (ended.ok, ended.counts) == (False, {"wanted": 2})
    assert said in ended.failures[0].lines[0]
    assert service.members.asked == []


def test_a_system_that_is_away_is_not_waited_for_once_for_every_person(here: World, service: Service) -> None:
    here.know(*(person(n) for n in range(1, 101)))
    service.members.busy = [(503, {})] * 9999
    ended = run(here, grant(), template(service.url), replace(QUICK, first_s=0.001))
    assert AWAY_MOST <= ended.counts["failed"] < AWAY_MOST + PEOPLE_AT_ONCE
    assert (ended.ok, ended.counts["failed"] + ended.counts["wanted"]) == (False, 100)
    service.members.busy = []
    assert run(here, grant(), template(service.url)).counts == {"done": 100}
