"""Speaks to one Roundup through its own REST interface: accounts, issues, log-ins.

Used by everything of the demonstration that meets a tracker: access.py (as the administrator), driver.py (as a person),
bridge.py and demo.py (as readers). One connection a request: with connections kept alive Roundup answers eight times
slower. It knows nothing of Uptake.
"""

import base64
import hashlib
import hmac
import http.client
import json
import time
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

LOG_IN_TRIES_MOST = 5
LOG_IN_PAUSE_S = 0.3
ANSWER_LIMIT_S = 20.0
PAGE_SIZE = 100
PAGES_LIMIT = 1000
WORDS_MOST = 300


class Reply(NamedTuple):
    """What a tracker answered; `data` is empty where it was not JSON with data."""

    status: int
    etag: str
    data: dict[str, Any]
    text: str

    @property
    def words(self) -> str:
        """The status with the tracker's own words, for messages."""
        return f"{self.status}: {' '.join(self.text.split())[:WORDS_MOST]}"


class Refused(Exception):
    """The tracker said no, or something that was not expected here."""


class Tracker:
    """One tracker as one user; without a name only its pages can be read."""

    def __init__(self, url: str, name: str = "", password: str = "") -> None:
        """Args: url: the tracker's own address, with a slash at its end."""
        self.url = url
        self.parts = urlsplit(url)
        self.headers = {
            "X-Requested-With": "rest",
            "Content-Type": "application/json",
            "Referer": url,
            "Origin": f"{self.parts.scheme}://{self.parts.netloc}",
        }
        if name:
            token = base64.b64encode(f"{name}:{password}".encode()).decode()
            self.headers["Authorization"] = f"Basic {token}"

    def request(self, method: str, path: str, body: dict[str, Any] | None = None, etag: str = "") -> Reply:
        """One request; raises OSError or http.client.HTTPException where no answer comes."""
        connection = http.client.HTTPConnection(self.parts.netloc, timeout=ANSWER_LIMIT_S)
        headers = {**self.headers, **({"If-Match": etag} if etag else {})}
        try:
            payload = json.dumps(body) if body is not None else None
            connection.request(method, self.parts.path + path, payload, headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        finally:
            connection.close()
        try:
            answer = json.loads(text)
        except ValueError:
            answer = {}
        data = answer.get("data", {}) if isinstance(answer, dict) else {}
        return Reply(response.status, response.getheader("ETag", ""), data if isinstance(data, dict) else {}, text)

    def may_log_in(self) -> bool:
        """Whether this user is let in.

        Roundup now and then answers 400, "an error occurred", while an account is being made beside: asked again it
        says yes or no.
        """
        for _ in range(LOG_IN_TRIES_MOST):
            reply = self.request("GET", "rest/data/issue?@page_size=1")
            if reply.status in {200, 401}:
                return reply.status == 200
            time.sleep(LOG_IN_PAUSE_S)
        raise Refused(f"{self.url} answered a log-in {LOG_IN_TRIES_MOST} times with {reply.words}")

    def open_issue(self, title: str) -> str:
        """Opens an issue as this user; its number."""
        reply = self.request("POST", "rest/data/issue", {"title": title})
        if reply.status != 201:
            raise Refused(f"{self.url} answered a new issue with {reply.words}")
        return str(reply.data["id"])

    def find_issue(self, title: str) -> str:
        """The number of the issue with this title; empty where there is none."""
        reply = self.request("GET", f"rest/data/issue?title={quote(title)}&@fields=title")
        if reply.status != 200:
            raise Refused(f"{self.url} answered a look for an issue with {reply.words}")
        return next((str(row["id"]) for row in reply.data["collection"] if row["title"] == title), "")

    def issues_since(self, since: str) -> list[dict[str, Any]]:
        """All issues created at `since` (YYYY-MM-DD.HH:MM:SS, UTC) or later, oldest number first, page by page."""
        query = f"creation={quote(since + ';')}&@fields=creator.username,creation&@sort=id&@page_size={PAGE_SIZE}"
        found: list[dict[str, Any]] = []
        for page in range(1, PAGES_LIMIT + 1):
            reply = self.request("GET", f"rest/data/issue?{query}&@page_index={page}")
            if reply.status != 200:
                raise Refused(f"{self.url} answered a list of issues with {reply.words}")
            rows = reply.data["collection"]
            found.extend(rows)
            if len(rows) < PAGE_SIZE:
                return found
        raise Refused(f"{self.url} has more than {PAGES_LIMIT} pages of issues")

    def find_user(self, name: str) -> tuple[str, str, str] | None:
        """The number, the roles and the ETag of an account; None where there is none."""
        reply = self.request("GET", f"rest/data/user/username={quote(name)}?@fields=roles")
        if "No key (username) value" in reply.text:
            return None
        if reply.status != 200:
            raise Refused(f"{self.url} answered a look for {name} with {reply.words}")
        return str(reply.data["id"]), reply.data["attributes"]["roles"] or "", reply.etag

    def set_roles(self, number: str, roles: str, etag: str) -> None:
        """Changes the roles of an account if it is still as it was read."""
        reply = self.request("PUT", f"rest/data/user/{number}", {"roles": roles}, etag)
        if reply.status != 200:
            raise Refused(f"{self.url} answered a change of roles with {reply.words}")


def first_password(key: bytes, employee_id: str) -> str:
    """The password of a made-up person's first log-in, as her letter would tell it: keyed, never written down."""
    return hmac.new(key, employee_id.encode(), hashlib.sha256).hexdigest()[:20]
