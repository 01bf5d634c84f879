"""`POST /deployments`: who may say it, in which shapes, once, and that a forged or old one begins nothing."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from tests.elsewhere import Elsewhere
from uptake.web.signature import why_not

KEY = base64.b64encode(b"a key of thirty-two bytes for us").decode()
SECRET = f"whsec_{KEY}"
PLAN = """\
plan: hello
title: Deployed by others
deploy:
  service: helpdesk
  version: "1"
  environment: production
  observed: {http: "http://127.0.0.1:9/version", version_at: $.version, expect: "v{version}", secret: "file:secret.txt"}
"""
JSON = {"Content-Type": "application/json"}


class Sender:
    """A tool that deploys, and the server it tells."""

    def __init__(self, there: Elsewhere) -> None:
        self.there = there
        made = there.here("token", "add", "plan.yaml", "--name", "argo", "--role", "intake")
        self.token = {"Authorization": f"Bearer {made.stdout.strip()}"}
        self.number = 0

    def post(self, value: object, headers: Mapping[str, str]) -> httpx.Response:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return httpx.post(f"{self.there.url}/deployments", content=body, headers={**JSON, **headers}, trust_env=False)

    def runs(self) -> list[str]:
        """The versions of all runs so far."""
        status = self.there.uptake("status", "--json", role="viewer")
        return [run["version"] for run in json.loads(status.stdout)["runs"]]

    def plain(self, version: str, **more: object) -> dict[str, object]:
        self.number += 1
        base = {"service": "helpdesk", "environment": "production", "version": version, "id": f"d-{self.number}"}
        return base | more


@pytest.fixture(scope="module")
def sender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sender]:
    there = Elsewhere(tmp_path_factory.mktemp("deployments"), PLAN)
    (there.folder / "secret.txt").write_text(SECRET)
    sender = Sender(there)
    there.start()
    yield sender
    there.end()


def standard(body: bytes, *, at: float | None = None, mark: str = "msg_1", key: str = KEY) -> dict[str, str]:
    moment = str(int(time.time() if at is None else at))
    signed = hmac.new(base64.b64decode(key), f"{mark}.{moment}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(signed).decode()}"
    return {"webhook-id": mark, "webhook-timestamp": moment, "webhook-signature": signature}


def github(body: bytes, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-GitHub-Event": "deployment_status", "X-Hub-Signature-256": f"sha256={digest}"}


def cdevent(version: str, *, kind: str = "deployed.0.3.0", mark: str = "a1", **content: object) -> dict[str, object]:
    return {
        "context": {
            "specversion": "0.5.1",
            "id": mark,
            "source": "https://ci.example.org",
            "type": f"dev.cdevents.service.{kind}",
            "timestamp": "2026-11-24T18:00:00Z",
        },
        "subject": {
            "id": "helpdesk",
            "content": {"environment": {"id": "production"}, "artifactId": f"pkg:generic/helpdesk@{version}"} | content,
        },
    }


def binary(event: Mapping[str, object]) -> dict[str, str]:
    context = event["context"]
    assert isinstance(context, dict)
    return {"ce-specversion": "1.0"} | {f"ce-{name}": str(context[name]) for name in ("id", "source", "type")}


def test_the_published_vectors_are_taken() -> None:
    """GitHub's own example (Validating webhook deliveries), and that of the Standard Webhooks libraries."""
    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    told = {"x-hub-signature-256": f"sha256={digest}"}
    assert why_not(told, b"Hello, World!", secret="It's a Secret to Everybody", now_s=0) == ""
    assert why_not(told, b"Hello, World?", secret="It's a Secret to Everybody", now_s=0)
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    body, secret = b'{"test": 2432232314}', "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert why_not(headers, body, secret=secret, now_s=1614265330) == ""
    turned = {**headers, "webhook-signature": f"v1,AAAA v2,BBBB {headers['webhook-signature']}"}
    assert why_not(turned, body, secret=secret, now_s=1614265330 + 299) == ""
    assert "minutes off" in why_not(headers, body, secret=secret, now_s=1614265330 + 301)
    assert "minutes off" in why_not(headers, body, secret=secret, now_s=1614265330 - 301)
    assert why_not(headers, b'{"test":2432232314}', secret=secret, now_s=1614265330)
    assert why_not({**headers, "webhook-id": "msg_2"}, body, secret=secret, now_s=1614265330)


def test_plain_json_begins_a_run_once(sender: Sender) -> None:
    event = sender.plain("v7.0")
    first, again = (sender.post(event, sender.token) for _ in range(2))
    assert (first.status_code, first.json()["new"], first.json()["version"]) == (202, True, "7.0")
    assert (again.status_code, again.json()["new"], again.json()["entry"]) == (202, False, first.json()["entry"])
    assert sender.runs().count("7.0") == 1


def test_told_again_without_an_id_by_who_is_known_is_the_same_run(sender: Sender) -> None:
    event = {name: text for name, text in sender.plain("v7.5").items() if name != "id"}
    assert [sender.post(event, sender.token).json()["new"] for _ in range(3)] == [True, False, False]
    assert sender.runs().count("7.5") == 1


def test_cdevents_in_both_modes(sender: Sender) -> None:
    event = cdevent("8.0", mark="b1")
    told = sender.post(event, {**sender.token, **binary(event)})
    assert (told.status_code, told.json()["version"]) == (202, "8.0"), told.text
    inner = cdevent("1", kind="upgraded.9.9.9", mark="b2", artifactId="pkg:oci/app@sha256%3Aabc")
    inner["customData"] = {"version": "v8.1"}
    outer = {"specversion": "1.0", "id": "b2", "source": "https://ci.example.org", "data": inner}
    outer["type"] = "dev.cdevents.service.upgraded.9.9.9"
    kind = {"Content-Type": "application/cloudevents+json"}
    assert sender.post(outer, {**sender.token, **kind}).json()["version"] == "8.1"
    assert sender.post(outer | {"id": "b3"}, {**sender.token, **kind}).status_code == 400
    back = cdevent("8.0", kind="rolledback.0.3.0", mark="b4")
    assert sender.post(back, {**sender.token, **binary(back)}).json()["new"] is True
    assert sender.runs()[-3:] == ["8.0", "8.1", "8.0"]
    removed = cdevent("8.0", kind="removed.0.3.0", mark="b5")
    assert sender.post(removed, {**sender.token, **binary(removed)}).json()["accepted"] == 0
    digest = cdevent("1", mark="b6", artifactId="pkg:oci/app@sha256%3Aabc")
    assert sender.post(digest, {**sender.token, **binary(digest)}).status_code == 400


def test_github_is_taken_by_its_signature_and_a_replay_begins_nothing(sender: Sender) -> None:
    status = {"id": 11, "state": "success", "created_at": "2026-11-24T19:00:00Z", "environment": "production"}
    value = {"action": "created", "deployment_status": status, "deployment": {"id": 1, "ref": "v9.0", "sha": "ab"}}
    body = json.dumps(value).encode()
    first = sender.post(body, github(body) | {"X-GitHub-Delivery": "one"})
    assert (first.status_code, first.json()["version"], first.json()["new"]) == (202, "9.0", True), first.text
    replayed = sender.post(body, github(body) | {"X-GitHub-Delivery": "another"})
    assert (replayed.status_code, replayed.json()["new"]) == (202, False)
    value["deployment_status"] = status | {"id": 12, "state": "failure"}
    failed = json.dumps(value).encode()
    assert sender.post(failed, github(failed)).json()["accepted"] == 0
    assert sender.runs().count("9.0") == 1


def test_standard_webhooks_are_taken(sender: Sender) -> None:
    body = json.dumps(sender.plain("v9.1")).encode()
    told = sender.post(body, standard(body))
    assert (told.status_code, told.json()["new"]) == (202, True), told.text
    assert sender.post(body, standard(body, mark="msg_again")).json()["new"] is False


def test_a_signed_event_without_an_id_cannot_be_replayed(sender: Sender) -> None:
    """Neither before nor after another version: what was overheard begins nothing."""
    bare = {name: text for name, text in sender.plain("v20").items() if name != "id"}
    body = json.dumps(bare).encode()
    overheard = standard(body, mark="msg_20")
    assert sender.post(body, overheard).json()["new"] is True
    by_github = json.dumps(bare | {"version": "v21"}).encode()
    assert (
        sender.post(by_github, {"X-Hub-Signature-256": github(by_github)["X-Hub-Signature-256"]}).json()["new"] is True
    )
    assert sender.post(body, overheard).json()["new"] is False
    assert sender.post(body, standard(body, mark="msg_22")).json()["new"] is True, "deployed once more, and said so"
    again = sender.post(by_github, {"X-Hub-Signature-256": github(by_github)["X-Hub-Signature-256"]})
    assert again.json()["new"] is False
    assert sender.runs()[-1] == "20"


def test_forged_stale_and_changed_ones_begin_nothing(sender: Sender) -> None:
    before = sender.runs()
    value = sender.plain("v66")
    body = json.dumps(value).encode()
    spaced = json.dumps(value, indent=1).encode()
    other = base64.b64encode(b"some other key, of another sender").decode()
    assert sender.post(body, standard(body, key=other)).status_code == 401
    assert sender.post(body, standard(body, at=time.time() - 400)).status_code == 401
    assert sender.post(body, standard(body, at=time.time() + 400)).status_code == 401
    assert sender.post(spaced, standard(body)).status_code == 401
    assert sender.post(spaced, github(body)).status_code == 401
    assert sender.post(body, github(body, "guessed")).status_code == 401
    assert sender.post(body, {"X-Hub-Signature-256": "sha1=ab"}).status_code == 401
    assert sender.post(body, standard(body, key=other) | sender.token).status_code == 401, "who signs must pass"
    assert (
        sender.post(body, {"webhook-signature": "v1,x", "webhook-timestamp": "1e9", "webhook-id": "m"}).status_code
        == 401
    )
    assert sender.post(body, {}).status_code == 401
    viewer = {"Authorization": f"Bearer {sender.there.tokens['viewer']}"}
    assert sender.post(body, viewer).status_code == 403
    assert sender.post(body, {"Authorization": "Bearer guessed"}).status_code == 401
    assert sender.runs() == before


def test_what_happened_before_what_was_told_is_refused(sender: Sender) -> None:
    later = sender.plain("v10", at="2026-11-25T10:00:00Z")
    assert sender.post(later, sender.token).status_code == 202
    late = sender.post(sender.plain("v5", at="2026-11-25T09:00:00Z"), sender.token)
    assert (late.status_code, late.json()["code"]) == (409, "UP036")
    assert sender.runs()[-1] == "10"


def test_what_is_about_something_else_is_passed_over(sender: Sender) -> None:
    before = sender.runs()
    for other, word in (({"service": "wiki"}, "wiki"), ({"environment": "staging"}, "staging")):
        told = sender.post(sender.plain("v1") | other, sender.token)
        assert (told.status_code, told.json()["accepted"]) == (202, 0)
        assert word in told.json()["why"]
    assert sender.runs() == before


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{", "application/json", 400),
        (b'{"service": "helpdesk"}', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b'{"service": "helpdesk", "environment": "production", "version": ""}', "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"[" * 100_000, "application/json", 400),
        (b" " * 1_100_000, "application/json", 413),
    ],
)
def test_what_cannot_be_read_is_refused(sender: Sender, body: bytes, kind: str, status: int) -> None:
    answer = sender.post(body, {**sender.token, "Content-Type": kind})
    assert (answer.status_code, bool(answer.json()["what"])) == (status, True)


def test_a_plan_that_deploys_by_itself_takes_none(tmp_path: Path) -> None:
    there = Elsewhere(tmp_path)
    sender = Sender(there)
    there.start()
    try:
        answer = sender.post(sender.plain("2"), sender.token)
        assert (answer.status_code, answer.json()["code"]) == (403, "NOT_OBSERVED")
        assert sender.post(sender.plain("2"), {}).status_code == 401, "to nobody the plan says anything"
    finally:
        there.end()
