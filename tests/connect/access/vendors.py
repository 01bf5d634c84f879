"""Vendors' services as their documentation shows them: a local HTTP server per vendor that keeps a group.

Shapes as documented in November 2026; nobody has held these against the vendors themselves.
"""

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

Said = tuple[int, Any] | tuple[int, Any, dict[str, str]]
KEY = RSAKey.generate_key(2048)
GROUP = "g1"
TOKEN = "token-of-the-vendor"
IN_ALREADY, NEW, ALSO_NEW, STRANGER = (f"person{n}@example.org" for n in range(1, 5))


class Vendor(ABC):
    """A service: people by what they are looked up by, the group's members by the service's own ids."""

    prefix = ""

    def __init__(self) -> None:
        self.url = ""
        self.people = {mail: f"{self.prefix}{n}" for n, mail in enumerate((IN_ALREADY, NEW, ALSO_NEW), start=1)}
        self.members = {self.people[IN_ALREADY]}
        self.busy: list[Said] = []
        self.asked: list[tuple[str, str]] = []
        self.tokens = 0
        self.lock = threading.Lock()

    @abstractmethod
    def parameters(self) -> dict[str, str]:
        """What a plan gives the template."""

    @abstractmethod
    def answer(self, method: str, path: list[str], query: dict[str, str], body: Any) -> Said:
        """One call, its token checked already."""

    def token(self, form: dict[str, str]) -> Said | None:
        """The answer of where tokens come from; None where there is no such place."""
        return None

    def is_sign_in(self, path: str) -> bool:
        return path.endswith("/token")

    def ids(self, *mails: str) -> set[str]:
        return {self.people[mail] for mail in mails}

    def writes(self) -> int:
        return sum(method != "GET" for method, path in self.asked if not self.is_sign_in(path))

    def given(self) -> Said:
        self.tokens += 1
        return 200, {"token_type": "Bearer", "expires_in": 3599, "access_token": f"{TOKEN}-{self.tokens}"}

    def respond(self, method: str, target: str, headers: Any, raw: bytes) -> Said:
        url = urlsplit(target)
        with self.lock:
            self.asked.append((method, target))
            if self.is_sign_in(url.path):
                return self.token({k: v[0] for k, v in parse_qs(raw.decode()).items()}) or (404, {})
            if TOKEN not in headers.get("Authorization", ""):
                return 401, {"error": "no token"}
            if self.busy:
                return self.busy.pop(0)
            query = {key: value[0] for key, value in parse_qs(url.query).items()}
            path = [unquote(part) for part in url.path.strip("/").split("/")]
            return self.answer(method, path, query, json.loads(raw) if raw else None)


class Graph(Vendor):
    """Microsoft Graph v1.0."""

    prefix = "0000-object-"

    def parameters(self) -> dict[str, str]:
        known = {"tenant": "example.org", "client": "uptake", "secret": "env:GRAPH_SECRET", "group": GROUP}
        return known | {"url": f"{self.url}/v1.0", "sign_in": self.url}

    def token(self, form: dict[str, str]) -> Said | None:
        assert form["grant_type"] == "client_credentials"
        assert form["scope"] == "https://graph.microsoft.com/.default"
        if (form["client_id"], form["client_secret"]) != ("uptake", "s3cret"):
            return 401, {"error": "invalid_client", "error_description": f"AADSTS7000215: {form['client_secret']}"}
        return self.given()

    def answer(self, method: str, path: list[str], query: dict[str, str], body: Any) -> Said:
        match method, path:
            case "GET", ["v1.0", "users", name]:
                missing = {"error": {"code": "Request_ResourceNotFound", "message": f"'{name}' does not exist."}}
                return (200, {"id": self.people[name]}) if name in self.people else (404, missing)
            case "GET", ["v1.0", "groups", "g1", "members"]:
                assert (query["$count"], query["$select"]) == ("true", "id")
                found = [one for one in self.members if query["$filter"] == f"id eq '{one}'"]
                return 200, {"@odata.count": len(found), "value": [{"@odata.type": "#user", "id": x} for x in found]}
            case "POST", ["v1.0", "groups", "g1", "members", "$ref"]:
                one = body["@odata.id"].rpartition("/directoryObjects/")[2]
                if one in self.members:
                    what = "One or more added object references already exist for the following modified properties"
                    return 400, {"error": {"code": "Request_BadRequest", "message": what}}
                self.members.add(one)
                return 204, None
            case "DELETE", ["v1.0", "groups", "g1", "members", one, "$ref"]:
                gone = one not in self.members
                self.members.discard(one)
                return (404, {"error": {"code": "Request_ResourceNotFound"}}) if gone else (204, None)
        raise AssertionError((method, path))


class Okta(Vendor):
    """Okta's core API, with a service application's signed assertion, and pages by `Link`."""

    prefix = "00u"

    def parameters(self) -> dict[str, str]:
        return {"url": self.url, "client": "0oa1", "key": "env:OKTA_KEY", "group": GROUP}

    def token(self, form: dict[str, str]) -> Said | None:
        assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        claims = jwt.decode(form["client_assertion"], KEY, algorithms=["RS256"]).claims
        assert (claims["iss"], claims["sub"], claims["aud"]) == ("0oa1", "0oa1", f"{self.url}/oauth2/v1/token")
        assert 0 < claims["exp"] - claims["iat"] <= 3600
        return self.given()

    def answer(self, method: str, path: list[str], query: dict[str, str], body: Any) -> Said:
        match method, path:
            case "GET", ["api", "v1", "users", name]:
                missing = {"errorCode": "E0000007", "errorSummary": f"Not found: Resource not found: {name} (User)"}
                known = name in self.people
                return (200, {"id": self.people[name], "status": "ACTIVE"}) if known else (404, missing)
            case "GET", ["api", "v1", "users", one, "groups"] if "after" not in query:
                link = f'<{self.url}/api/v1/users/{one}/groups?after=x>; rel="next"'
                return 200, [{"id": "everyone", "type": "BUILT_IN"}], {"Link": link}
            case "GET", ["api", "v1", "users", one, "groups"]:
                return 200, [{"id": GROUP, "type": "OKTA_GROUP"}] if one in self.members else []
            case "PUT", ["api", "v1", "groups", "g1", "users", one]:
                self.members.add(one)
                return 204, None
            case "DELETE", ["api", "v1", "groups", "g1", "users", one]:
                self.members.discard(one)
                return 204, None
        raise AssertionError((method, path))


class Google(Vendor):
    """Google's Directory API v1, for a service account with domain-wide delegation."""

    def __init__(self) -> None:
        super().__init__()
        self.people = {mail: mail for mail in self.people}
        self.members = {IN_ALREADY}

    def parameters(self) -> dict[str, str]:
        known = {"group": GROUP, "key": "env:GOOGLE_KEY", "admin": "admin@example.org"}
        return known | {"url": f"{self.url}/admin/directory/v1", "sign_in": f"{self.url}/token"}

    def token(self, form: dict[str, str]) -> Said | None:
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        claims = jwt.decode(form["assertion"], KEY, algorithms=["RS256"]).claims
        assert (claims["iss"], claims["sub"]) == ("uptake@example.iam.gserviceaccount.com", "admin@example.org")
        assert claims["scope"].startswith("https://www.googleapis.com/auth/admin.directory.group.member ")
        return self.given()

    def answer(self, method: str, path: list[str], query: dict[str, str], body: Any) -> Said:
        match method, path[3:]:
            case "GET", ["users", name]:
                assert query == {"fields": "primaryEmail"}
                return (200, {"primaryEmail": name}) if name in self.people else _google(404, "notFound")
            case "GET", ["groups", "g1", "members", one]:
                member = {"kind": "admin#directory#member", "email": one, "role": "MEMBER"}
                return (200, member) if one in self.members else _google(404, "notFound")
            case "POST", ["groups", "g1", "members"]:
                if body["email"] in self.members:
                    return _google(409, "duplicate")
                self.members.add(body["email"])
                return 200, {"kind": "admin#directory#member", **body}
            case "DELETE", ["groups", "g1", "members", one]:
                gone = one not in self.members
                self.members.discard(one)
                return _google(404, "notFound") if gone else (204, None)
        raise AssertionError((method, path))


def _google(status: int, reason: str) -> Said:
    return status, {"error": {"code": status, "message": reason, "errors": [{"domain": "global", "reason": reason}]}}


class Copilot(Vendor):
    """GitHub's REST API for Copilot seats; what is taken away is pending until the cycle ends."""

    def __init__(self) -> None:
        super().__init__()
        self.people = {mail: mail.partition("@")[0] for mail in self.people}
        self.members = {"person1"}
        self.pending: set[str] = set()

    def parameters(self) -> dict[str, str]:
        return {"url": self.url, "org": "example", "token": "env:GITHUB_TOKEN", "person": "{person.github}"}

    def answer(self, method: str, path: list[str], query: dict[str, str], body: Any) -> Said:
        missing = {"message": "Not Found", "status": "404"}
        match method, path:
            case "GET", ["orgs", "example", "memberships", login]:
                known = login in self.people.values()
                return (
                    (200, {"state": "active", "role": "member", "user": {"login": login}}) if known else (404, missing)
                )
            case "GET", ["orgs", "example", "members", login, "copilot"]:
                if login not in self.members | self.pending:
                    return 404, missing
                ends = "2026-12-01" if login in self.pending else None
                return 200, {"pending_cancellation_date": ends, "assignee": {"login": login}, "plan_type": "business"}
            case "POST", ["orgs", "example", "copilot", "billing", "selected_users"]:
                new = set(body["selected_usernames"]) - self.members
                self.members |= new
                self.pending -= new
                return 201, {"seats_created": len(new)}
            case "DELETE", ["orgs", "example", "copilot", "billing", "selected_users"]:
                gone = set(body["selected_usernames"]) & self.members
                self.members -= gone
                self.pending |= gone
                return 200, {"seats_cancelled": len(gone)}
        raise AssertionError((method, path))


VENDORS: dict[str, type[Vendor]] = {"graph": Graph, "okta": Okta, "google": Google, "copilot": Copilot}


@contextmanager
def running(vendor: Vendor) -> Iterator[Vendor]:
    """A vendor at an address of its own."""

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, told, *more = vendor.respond(self.command, self.path, self.headers, raw)
            body = b"" if told is None else json.dumps(told).encode()
            self.send_response(status)
            for name, value in (more[0] if more else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond  # noqa: N815  the form of http.server

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  likewise
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    vendor.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield vendor
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
