"""The mail server's address: forms, passwords by reference, encryption with a certificate that is checked."""

import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.connect.notices.conftest import Mailbox
from tests.connect.world import World, announce, free_port, outcome, person, plan
from uptake.connect.notices.mail import Server, parse_server
from uptake.connect.notices.worker import PostedNotices
from uptake.core.action import Outcome
from uptake.core.problem import Refused


def send(here: World, server: str) -> Outcome:
    here.know(person(1))
    port = PostedNotices(**here.parts(plan(server=server)))
    port.accept(announce())
    ended = outcome(port, here.wake)
    port.close()
    return ended


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("smtp://mail.example.org", Server(host="mail.example.org", port=25, tls=False)),
        ("smtps://u%40x:p%2Fw@h:4650", Server(host="h", port=4650, tls=True, user="u@x", password="p/w")),
        ("smtp://[::1]:2525", Server(host="::1", port=2525, tls=False)),
    ],
)
def test_forms(text: str, server: Server) -> None:
    assert parse_server(text) == server


@pytest.mark.parametrize("text", ["mail.example.org", "smtp://", "smtp://u:planted@h:port", "http://u:planted@h", ""])
def test_what_is_no_server_is_not_repeated(text: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_server(text)
    assert "planted" not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.0.0.9", True), ("::1", True), ("localhost.example.org", False), ("127.example", False)],
)
def test_loopback_is_this_machine_only(host: str, loopback: bool) -> None:
    assert Server(host=host, port=25, tls=False).is_loopback is loopback


@pytest.fixture
def guarded() -> Iterator[Controller]:
    def check(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        right = isinstance(given, LoginPassword) and (given.login, given.password) == (b"desk", b"planted-pw")
        return AuthResult(success=right, handled=False)

    controller = Controller(
        Mailbox(),
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=check,
        auth_required=True,
        auth_require_tls=False,
    )
    controller.start()
    yield controller
    controller.stop(no_assert=True)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_the_password_comes_from_a_reference(here: World, guarded: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_SERVER", f"smtp://desk:planted-pw@127.0.0.1:{guarded.port}")
    assert send(here, "env:MAIL_SERVER").ok
    monkeypatch.setenv("MAIL_SERVER", f"smtp://desk:planted-wrong@127.0.0.1:{guarded.port}")
    here.know(person(2))
    ended = send(here, "env:MAIL_SERVER")
    assert (ended.ok, ended.counts) == (False, {"done": 1, "wanted": 1})
    assert ended.failures[0].lines == ("the server does not take this user and password: 535",)
    assert "planted" not in repr(ended)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        assert os.environ.get("CI") != "true", "openssl is not here"
        pytest.skip("no openssl command to make a certificate with")
    argv = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    more = ["-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([*argv, *more], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path / "cert.pem"


def test_encrypted_and_the_certificate_is_checked(
    here: World, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), ssl_context=context)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    controller.start()
    try:
        assert send(here, f"smtps://127.0.0.1:{controller.port}").ok
        monkeypatch.delenv("SSL_CERT_FILE")
        here.know(person(2))
        ended = send(here, f"smtps://127.0.0.1:{controller.port}")
    finally:
        controller.stop(no_assert=True)
    assert (ended.ok, ended.counts, len(mailbox.got)) == (False, {"done": 1, "wanted": 1}, 1)
    assert "certificate" in ended.failures[0].lines[0]
