"""The page in a real browser: complete without scripts, quiet with them, readable on a phone, nobody else asked."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.web.board import sample_board
from tests.web.browsing import CHROMIUM, FLAGS, PATIENCE_MS
from tests.web.world import served
from uptake.app.opened import read_file
from uptake.app.rehearsal import rehearse
from uptake.report.comparison import COMPARISON
from uptake.report.figures import figures
from uptake.web.listen import Settings

HELPDESK = Path(__file__).parents[2] / "examples" / "helpdesk" / "plan.yaml"

pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Debian's chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield made
        made.close()


@pytest.fixture
def watched(browser: Browser, client) -> Iterator[Page]:
    """A page whose console and requests are kept."""
    context = browser.new_context(base_url=str(client.base_url))
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.console_errors = []
    page.asked = []
    page.on(
        "console", lambda said: page.console_errors.append(said.text) if said.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: page.console_errors.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    yield page
    context.close()


def test_the_page_is_complete_without_scripts(browser, client):
    context = browser.new_context(base_url=str(client.base_url), java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto("/")
    text = page.text_content("body")
    assert [row.inner_text() for row in page.locator(".compare tbody th").all()] == [row for row, _, _ in COMPARISON]
    for _, *halves in COMPARISON:
        assert all(phrase in text for phrases in halves for phrase in phrases)
    for word in ("not measured in this plan", "web-03", "answered 502", "Wave 4", "As of 11 Jan 2027", "entry 50"):
        assert word in text
    assert "<b>not bold</b>" in text
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_and_asks_nobody_else(watched, client, width, scheme):
    watched.emulate_media(color_scheme=scheme)
    watched.set_viewport_size({"width": width, "height": 844})
    watched.goto("/")
    watched.wait_for_selector("#live[data-state=on]")
    assert watched.evaluate("document.documentElement.scrollWidth") <= width
    wide = watched.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
        ".map(e => e.className + ' ' + e.tagName)"
    )
    assert wide == []
    assert watched.console_errors == []
    assert all(url.startswith(str(client.base_url)) for url in watched.asked)


def test_it_follows_quietly(browser, world):
    verdict = ["Deployed on 1 of 3 hosts."]
    with served(world.parts(board=lambda *_: replace(sample_board(), verdict=verdict[0]))) as url:
        context = browser.new_context(base_url=url)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto("/")
        page.wait_for_selector("#live[data-state=on]")
        page.click("#decisions summary >> nth=1")
        verdict[0] = "Deployed on 3 of 3 hosts."
        world.draw()
        page.locator(".verdict", has_text="3 of 3").wait_for()
        assert page.locator("#decisions details[open]").count() == 1
        assert page.locator("#live").inner_text() == "Live"
    page.wait_for_selector("#live[data-state=off]")
    assert page.locator("#live").inner_text() == "Server not reached"
    context.close()


def test_a_person_signs_in_and_out(browser, world):
    with served(world.parts(), Settings(port=0, behind_proxy=True)) as url:
        context = browser.new_context(base_url=url)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto("/")
        assert page.url.endswith("/sign-in")
        page.fill("#token", "a guess")
        page.press("#token", "Enter")
        assert "not known" in page.inner_text("[role=alert]")
        page.fill("#token", world.tokens["viewer"])
        page.click("main button")
        assert page.inner_text("h1") == "Roundup replaces the shared mailbox"
        assert world.tokens["viewer"] not in page.content()
        page.click("text=Sign out")
        assert page.url.endswith("/sign-in")
        page.goto("/")
        assert page.url.endswith("/sign-in")
        context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_whole_rehearsed_plan_fits(browser, world, width):
    read = read_file(HELPDESK)
    done = rehearse(read, seed=1, people=None)
    board = figures(read, done.picture, done.ended, seal=done.entries[-1].hash, made_up=True)
    assert len(board.waves) == 4
    assert len(board.hosts) == 3
    with served(world.parts(board=lambda *_: board)) as url:
        context = browser.new_context(base_url=url, viewport={"width": width, "height": 844}, java_script_enabled=False)
        page = context.new_page()
        page.goto("/")
        assert page.locator("html").bounding_box()["width"] <= width
        right = [box.bounding_box() for box in page.locator("main li, main td, main th, main p").all()]
        assert all(box["x"] + box["width"] <= width + 1 for box in right if box)
        assert "made up" in page.text_content("body")
        context.close()
