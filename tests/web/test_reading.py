"""Reading changes nothing: every address by GET and HEAD, over and over, and once by a browser with its scripts."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from sqlalchemy import select

from tests.web.browsing import CHROMIUM, FLAGS
from tests.web.visitor import Visitor, ask, visitor
from tests.web.world import World, served
from uptake.store.tables import metadata

TIMES = 500
"""How often each address that leads to a form is asked for by GET, and as often by HEAD."""
PAGE_TIMES = 25
"""How often each other page is."""
LINK = re.compile(r'(?:href|action|src)="(/[^"#]*)')
CHANGING = ("lease",)
"""What the ring's own thread may write meanwhile; nothing that a reader could move."""


@pytest.fixture
def asked(world) -> World:
    world.draw()
    ask(world, "gate-wave-1")
    return world


def state(world: World) -> dict[str, list[tuple]]:
    """Every row of every table."""
    with world.store.database.reading() as conn:
        return {
            table.name: [tuple(row) for row in conn.execute(select(table))]
            for table in metadata.sorted_tables
            if table.name not in CHANGING
        }


def links(reader: Visitor) -> list[str]:
    """Every address that pages lead to, from the first one on."""
    found, left = {"/"}, ["/"]
    while left:
        for link in LINK.findall(reader.http.get(left.pop()).text):
            if link not in found:
                found.add(link)
                left.append(link)
    return sorted(found | {"/resume", "/tell/1", "/sign-in", "/sign-out", "/stream", "/healthz", "/events", "/ofrep/"})


def acts(link: str) -> bool:
    return link.startswith(("/hold", "/resume", "/approve", "/tell", "/sign"))


@pytest.fixture
def operator(asked) -> Iterator[tuple[str, Visitor]]:
    with served(asked.parts()) as url, visitor(url, asked.tokens["operator"]) as made:
        yield url, made


@pytest.mark.slow
def test_asking_changes_nothing(asked, operator):
    url, reader = operator
    every = links(reader)
    assert {"/hold", "/approve/gate-wave-1", "/tell", "/report", "/decisions", "/sign-out"} <= set(every)
    before = state(asked)

    def fetch(link: str) -> None:
        with visitor(url) as each:
            each.http.cookies = reader.http.cookies
            for _ in range(TIMES if acts(link) else PAGE_TIMES):
                if link != "/stream":
                    assert each.http.get(link).status_code < 500
                assert each.http.head(link).status_code < 500

    with ThreadPoolExecutor(4) as readers:
        list(readers.map(fetch, every))
    assert state(asked) == before


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Debian's chromium")
def test_a_browser_that_runs_its_scripts_changes_nothing(asked, operator):
    url, reader = operator
    every = [link for link in links(reader) if not link.startswith(("/stream", "/report", "/static"))]
    before = state(asked)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        context = browser.new_context(base_url=url)
        session = dict(reader.http.cookies.items())
        context.add_cookies([{"name": name, "value": value, "url": url} for name, value in session.items()])
        page = context.new_page()
        for link in every:
            page.goto(link)
            page.wait_for_load_state()
        page.goto("/")
        page.wait_for_selector("#live[data-state=on]")
        assert page.locator("#hold").count() == 1
        browser.close()
    assert state(asked) == before
