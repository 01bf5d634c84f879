"""What the demonstration can find out by itself, without asking Uptake: trackers, diary, mail, hosts, flags.

chapters.py holds these facts against what Uptake says. Nothing here changes anything.
"""

import http.client
import json
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import people
from driver import FLAG
from mailroom import HELPDESK, folder_of
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from playwright.sync_api import sync_playwright
from tracker import Tracker, first_password
from world import World, check

SAMPLE_EVERY_S = 0.15
SHOT_LIMIT_MS = 60_000


class Deed(NamedTuple):
    """One line of the driver's diary."""

    at: int
    who: str
    did: str
    site: str
    number: str


def diary(world: World) -> list[Deed]:
    """What the made-up people did so far."""
    path = world.work / "driver.jsonl"
    text = path.read_text() if path.exists() else ""
    lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
    return [Deed(line["at"], line["who"], line["did"], line.get("site", ""), line.get("number", "")) for line in lines]


def school(world: World) -> list[dict[str, Any]]:
    """What the made-up people did about sessions and surveys so far."""
    path = world.work / "school.jsonl"
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def who_did(world: World, did: str) -> Counter[str]:
    """How often each person did it."""
    return Counter(deed.who for deed in diary(world) if deed.did == did)


def answers(url: str) -> tuple[int, str]:
    """The status and the version that a tracker shows now; (0, "") for no answer."""
    tracker = Tracker(url)
    try:
        status = tracker.request("GET", "").status
        version = tracker.request("GET", "@@file/version.txt")
    except (OSError, http.client.HTTPException):
        return 0, ""
    return status, version.text.strip() if version.status == 200 else ""


def may_log_in(world: World, person: people.Person) -> bool:
    """Whether this person's own log-in works at her site's tracker."""
    key = (world.work / "secrets/people.key").read_bytes()
    password = first_password(key, person.employee_id)
    return Tracker(world.urls[person.site], person.employee_id, password).may_log_in()


def issues_by_person(world: World) -> Counter[str]:
    """How many issues each person has in the trackers themselves."""
    password = (world.work / "secrets/admin.pw").read_text()
    rows = [row for url in world.urls.values() for row in Tracker(url, "admin", password).issues_since("2000-01-01")]
    return Counter(row["creator.username"] for row in rows)


def mails_by_person(world: World) -> Counter[str]:
    """How many mails each person has in the shared mailbox itself."""
    box = world.work / "mail" / folder_of(HELPDESK)
    numbers = {person.email: person.employee_id for person in people.read(world.work / "people.csv")}
    paths = [*(box / "new").iterdir(), *(box / "cur").iterdir()]
    return Counter(numbers[str(message_from_bytes(path.read_bytes(), policy=default)["From"])] for path in paths)


def subjects(world: World, address: str) -> list[str]:
    """The subjects of the mail that an address has received."""
    new = world.work / "mail" / folder_of(address) / "new"
    paths = list(new.iterdir()) if new.exists() else []
    return [str(message_from_bytes(path.read_bytes(), policy=default)["Subject"]) for path in paths]


def sent_where(address: str, token: str, everybody: list[people.Person]) -> dict[str, bool]:
    """Where the start page sends each person, asked by the unmodified OpenFeature client."""
    provider = OFREPProvider(address, headers_factory=lambda: {"Authorization": f"Bearer {token}"})
    api.set_provider(provider, "facts")
    client, found = api.get_client("facts"), {}
    for person in everybody:
        answer = client.get_boolean_details(FLAG, False, EvaluationContext(targeting_key=person.employee_id))
        check(answer.error_code is None, f"OFREP: {answer.error_code}: {answer.error_message}")
        found[person.employee_id] = answer.value
    return found


def is_up(address: str) -> bool:
    """Whether the server says that it is well."""
    try:
        return httpx.get(f"{address}/healthz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def page(address: str) -> str:
    """The server's page as a browser without JavaScript gets it."""
    answer = httpx.get(f"{address}/", timeout=10)
    check(answer.status_code == 200, f"the page answered {answer.status_code}")
    return answer.text


def screenshots(address: str, folder: Path) -> bool:
    """Pictures of the page as a browser shows it, light and dark; False where there is no browser on this machine."""
    name = next((one for one in ("chromium", "chromium-browser", "google-chrome") if shutil.which(one)), None)
    if name is None:
        return False
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which(name), args=["--no-sandbox", "--disable-gpu"])
        for scheme, name in (("light", "page.png"), ("dark", "page-dark.png")):
            page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
            page.goto(address, wait_until="load", timeout=SHOT_LIMIT_MS)
            page.screenshot(path=folder / name, full_page=True)
        browser.close()
    return True


def history(world: World) -> dict[str, list[str]]:
    """The lines that the plan's own steps wrote on each host, one a step."""
    return {site: host.run(f"cat {host.base}/shared/history").splitlines() for site, host in world.hosts.items()}


class Sampler(threading.Thread):
    """Asks every tracker again and again what it shows."""

    def __init__(self, urls: dict[str, str]) -> None:
        """Args: urls: by site."""
        super().__init__(daemon=True)
        self.urls = urls
        self.seen: dict[str, Counter[tuple[int, str]]] = {site: Counter() for site in urls}
        self.ended = threading.Event()

    def run(self) -> None:
        """Samples until ended."""
        while not self.ended.wait(SAMPLE_EVERY_S):
            for site, url in self.urls.items():
                self.seen[site][answers(url)] += 1


@contextmanager
def sampled(urls: dict[str, str]) -> Iterator[Sampler]:
    """A sampler that runs while the block does."""
    sampler = Sampler(urls)
    sampler.start()
    try:
        yield sampler
    finally:
        sampler.ended.set()
        sampler.join()


def files_with(folder: Path, secrets: list[str]) -> list[str]:
    """The files beneath a folder that hold one of the secrets; the secrets' own folder is left out."""
    wanted = [secret.encode() for secret in secrets]
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "secrets" not in path.relative_to(folder).parts:
            content = path.read_bytes()
            if any(secret in content for secret in wanted):
                found.append(str(path.relative_to(folder)))
    return found


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
