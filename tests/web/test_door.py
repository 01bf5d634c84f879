"""Who is let in: nothing without a token but what is named, sign-in by form, and no listening in the open."""

import re
import subprocess
import time

import httpx
import pytest

from tests.web.world import now, served
from uptake.core.problem import Refused
from uptake.web.auth import Tokens, is_loopback, need_of, token_digest
from uptake.web.listen import Settings, bind, check_exposed
from uptake.web.server import make_app

ANYWHERE = Settings(port=0, behind_proxy=True)
"""As behind a proxy: no page without a token."""


@pytest.fixture
def visitor(world):
    with served(world.parts(), ANYWHERE) as url, httpx.Client(base_url=url, trust_env=False) as made:
        yield made


def proof(page: str) -> str:
    return re.search(r'name="proof" value="([0-9a-f]{64})"', page)[1]


def cookies(answer: httpx.Response) -> dict[str, str]:
    """Secure cookies are not sent over plain http by a client; the test plays the proxy and carries them."""
    found = {}
    for line in answer.headers.get_list("set-cookie"):
        name, _, rest = line.partition("=")
        found[name] = rest.partition(";")[0].strip('"')
        assert "HttpOnly" in line
        assert "samesite=strict" in line.lower()
        assert "Secure" in line
    return found


def carried(values: dict[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in values.items())}


def test_only_these_answer_without_a_token(world):
    app = make_app(world.parts(), ANYWHERE)
    free = {route.path for route in app.routes if need_of(route.path) == "open"}
    assert free == {"/healthz", "/sign-in", "/static/{name}", "/s/{token}", "/me/{token}"}, "links are their own keys"
    for path in ("/", "/anything", "/events/", "/healthz/x", "/static", "/sign-in/..", "/openapi.json", "/metrics"):
        assert need_of(path) == "viewer"


def test_without_a_token_beyond_loopback(visitor, world):
    assert visitor.get("/healthz").text == "ok\n"
    assert visitor.get("/static/uptake.css").status_code == 200
    assert visitor.get("/static/nothing.css").status_code == 404
    for path in ("/", "/nothing", f"/?token={world.tokens['viewer']}"):
        assert visitor.get(path).status_code == 401
        shown = visitor.get(path, headers={"Accept": "text/html"})
        assert (shown.status_code, shown.headers["location"]) == (303, "/sign-in")
    for role, status in (("viewer", 200), ("intake", 403), ("flags", 403)):
        answer = visitor.get("/", headers={"Authorization": f"Bearer {world.tokens[role]}"})
        assert answer.status_code == status
    assert visitor.get("/nothing", headers={"X-API-Key": world.tokens["viewer"]}).status_code == 404


def test_signing_in_and_out(visitor, world):
    form = visitor.get("/sign-in")
    kept = cookies(form)
    fields = {"proof": proof(form.text), "token": world.tokens["viewer"]}
    entered = visitor.post("/sign-in", data=fields, headers=carried(kept))
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    session = {name: value for name, value in cookies(entered).items() if name == "__Host-uptake"}
    assert world.tokens["viewer"] not in str(entered.headers)
    page = visitor.get("/", headers=carried(session))
    assert page.status_code == 200
    assert visitor.post("/events", json={}, headers=carried(session)).status_code == 401
    assert visitor.post("/sign-out", headers=carried(session)).status_code == 400
    left = visitor.post("/sign-out", data={"proof": proof(page.text)}, headers=carried(session))
    assert (left.status_code, left.headers["location"]) == (303, "/sign-in")
    assert "Max-Age=0" in left.headers["set-cookie"]
    forged = {name: value[:-1] + ("0" if value[-1] != "0" else "1") for name, value in session.items()}
    assert visitor.get("/", headers=carried(forged)).status_code == 401
    world.store.tokens.revoke("the viewer")
    time.sleep(3.2)
    assert visitor.get("/", headers=carried(session)).status_code == 401


@pytest.mark.parametrize("wrong", ["token", "role", "proof", "nonce", "origin", "empty", "large"])
def test_signing_in_is_refused(visitor, world, wrong):
    form = visitor.get("/sign-in")
    fields = {"proof": proof(form.text), "token": world.tokens["viewer"]}
    headers = carried(cookies(form))
    if wrong == "token":
        fields["token"] = "guess"
    elif wrong == "role":
        fields["token"] = world.tokens["intake"]
    elif wrong == "proof":
        fields["proof"] = "0" * 64
    elif wrong == "nonce":
        headers = {}
    elif wrong == "origin":
        headers["Origin"] = "https://elsewhere.example"
    elif wrong == "empty":
        fields = {}
    else:
        fields["token"] = "x" * 5000
    answer = visitor.post("/sign-in", data=fields, headers=headers)
    assert answer.status_code in {400, 403}
    assert 'role="alert"' in answer.text
    assert "__Host-uptake" not in str(answer.headers)


def test_on_loopback_the_page_is_free_but_not_under_another_name(client):
    assert client.get("/").status_code == 200
    for name in ("rebound.example", "[::1", "127.0.0.1.example", "", "x y", "127.0.0.1:x", "a_b.example"):
        assert client.get("/", headers={"Host": name}).status_code in {400, 401}
    for name in ("localhost", "LOCALHOST:8600", "127.0.0.1:1", "[::1]:8600", "[::1]"):
        assert client.get("/", headers={"Host": name}).status_code == 200
    assert client.post("/events", json={}).status_code == 401


def test_every_answer_is_armoured(client):
    for path in ("/", "/sign-in", "/healthz", "/static/live.js", "/nothing"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "server" not in headers
        assert "strict-transport-security" not in headers
    page = client.get("/").text
    assert "<style" not in page
    assert "style=" not in page
    assert re.search(r"\son\w+=", page) is None
    again = client.get("/", headers={"If-None-Match": client.get("/").headers["ETag"]})
    assert again.status_code == 304


def test_a_failure_is_armoured_and_tells_no_cause(world, capfd):
    def broken(*_):
        raise RuntimeError("a secret cause")

    with served(world.parts(board=broken)) as url:
        answer = httpx.get(url, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (500, "BROKEN")
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"]
    assert "a secret cause" in capfd.readouterr().err


def test_old_sessions_end():
    digest = token_digest("words")
    tokens = Tokens(lambda: {digest: ("Kim", "viewer")}, key=b"k" * 32)
    text = f"{digest}.{now() // 1000 - 1}"
    assert tokens.of_session(f"{text}.{tokens.sign('session', text)}") is None
    assert tokens.of_session("") is None
    assert tokens.of_session("a.b.c") is None
    assert tokens.of_session(tokens.session(tokens.holder("words"))).name == "Kim"


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_what_is_loopback(host, own):
    assert is_loopback(host) is own


def test_it_refuses_to_listen_in_the_open(world, tmp_path):
    pem, key, other, locked = (tmp_path / f"{name}.pem" for name in ("server", "key", "other", "locked"))
    for made in (
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 2 -keyout key.pem -out cert.pem",
        "openssl genrsa -out other.pem 2048",
        "openssl rsa -aes256 -passout pass:secret -in key.pem -out locked.pem",
    ):
        subprocess.run(made.split(), cwd=tmp_path, check=True, capture_output=True)
    pem.write_text(key.read_text() + (tmp_path / "cert.pem").read_text())
    known = world.store.tokens.known

    def code(settings: Settings, tokens=known) -> str:
        try:
            check_exposed(settings, tokens)
        except Refused as refused:
            return refused.problems[0].code
        return ""

    assert code(Settings()) == code(Settings(host="::1")) == ""
    assert code(Settings(host="0.0.0.0")) == "SERVE_PLAIN"
    assert code(Settings(host="0.0.0.0", behind_proxy=True)) == ""
    assert code(Settings(behind_proxy=True), dict) == "SERVE_NO_TOKEN"
    assert code(Settings(host="0.0.0.0", tls_cert=str(pem)), dict) == "SERVE_NO_TOKEN"
    assert code(Settings(host="0.0.0.0", tls_cert=str(tmp_path / "no.pem"))) == "SERVE_TLS"
    assert code(Settings(host="0.0.0.0", tls_cert=str(tmp_path / "cert.pem"))) == "SERVE_TLS"
    assert code(Settings(tls_key=str(key))) == "SERVE_TLS"
    assert code(Settings(tls_cert=str(tmp_path / "cert.pem"), tls_key=str(locked))) == "SERVE_TLS"
    with pytest.raises(Refused, match="another certificate"):
        check_exposed(Settings(tls_cert=str(tmp_path / "cert.pem"), tls_key=str(other)), known)
    assert code(Settings(port=0, tls_cert=str(pem))) == ""
    settings = Settings(port=0, tls_cert=str(tmp_path / "cert.pem"), tls_key=str(key))
    assert code(settings) == ""
    with served(world.parts(), settings) as url, httpx.Client(verify=False, trust_env=False) as http:
        assert http.get(f"{url}/healthz").headers["strict-transport-security"]


def test_a_taken_address_is_refused():
    with bind(Settings(port=0)) as first, pytest.raises(Refused, match="cannot be listened on"):
        bind(Settings(port=first.getsockname()[1]))
