"""Every page for everybody: WCAG 2.2 AA by axe-core, light and dark, wide and on a phone; quiet, and light to load."""

import gzip
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.report.story import Story
from tests.web.browsing import CHROMIUM, FLAGS, PATIENCE_MS
from tests.web.told import parts_of
from tests.web.world import World, served
from uptake.app.opened import read_file
from uptake.app.rehearsal import Rehearsed, rehearse
from uptake.core.entry import Entry
from uptake.core.picture import Picture, fold
from uptake.plan.read import ReadPlan
from uptake.report.adoption import adoption_of, asked
from uptake.report.board import Board
from uptake.report.known import Known
from uptake.report.rehearsal import summarise

ROOT = Path(__file__).parents[2]
AXE = ROOT / ".cache" / "npm" / "node_modules" / "axe-core" / "axe.min.js"
STARTER = ROOT / "src" / "uptake" / "cli" / "starter" / "plan.yaml"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = ("", "plans", "hosts", "people", "decisions", "decisions/{decided}", "entries/{failed}", "plan", "rehearsal")
FIRST_LOAD_MOST = 100 * 1024

if os.environ.get("CI") == "true":
    assert AXE.exists(), "CI=true: axe-core must be there (.ci/setup pages)"
pytestmark = [
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Debian's chromium"),
    pytest.mark.skipif(not AXE.exists(), reason="needs axe-core from npm (.ci/setup pages)"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield made
        made.close()


@pytest.fixture(scope="module")
def rehearsed() -> Rehearsed:
    return rehearse(read_file(STARTER), seed=1, people=None, count=400)


@pytest.fixture(scope="module")
def mid(rehearsed, tmp_path_factory) -> Iterator[str]:
    """A server over a plan whose second wave is open and whose third is to come."""
    entries = rehearsed.entries[: round(0.7 * len(rehearsed.entries))]
    made_up = rehearsed.made_up()
    summary = summarise(rehearsed.read, entries, rehearsed.picture, made_up=made_up, differing=0, seed=1)
    world = World.make(tmp_path_factory.mktemp("mid"))
    known = Known(read=rehearsed.read, picture=picture_of(entries), now=entries[-1].at, made_up=True)
    adoption = adoption_of(known, rehearsed.crowd.adopted(asked(known)))
    parts = parts_of(world, rehearsed.read, entries, lambda board: replace(board, adoption=adoption))
    parts = replace(parts, rehearsal=lambda: summary)
    with served(parts) as url:
        yield url
    world.store.close()


def picture_of(entries: tuple[Entry, ...]) -> Picture:
    picture = Picture()
    for entry in entries:
        fold(picture, entry)
    return picture


def opened(browser: Browser, url: str, *, width: int, scheme: str, scripts: bool = True) -> Page:
    context = browser.new_context(
        base_url=url, viewport={"width": width, "height": 844}, color_scheme=scheme, java_script_enabled=scripts
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.said, page.asked = [], []
    page.on("console", lambda said: page.said.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    return page


def checked(page: Page, url: str) -> None:
    """Nothing that axe finds, nothing in the console, nothing wider than the screen, nobody else asked."""
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "async (rules) => (await axe.run(document, {runOnly: rules})).violations"
        ".map(one => one.id + ': ' + one.nodes.map(node => node.target + ' ' + node.failureSummary).join(' | '))",
        RULES,
    )
    assert found == []
    wide = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll, pre, svg') && "
        "e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName + '.' + e.className)"
    )
    assert wide == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert page.said == []
    assert all(asked.startswith(url) for asked in page.asked), page.asked


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page(browser, mid, rehearsed, width, scheme):
    decided = next(entry.seq for entry in rehearsed.entries if entry.kind == "Decided")
    ended = next(entry.seq for entry in rehearsed.entries if entry.kind == "Done")
    for path in PAGES:
        page = opened(browser, mid, width=width, scheme=scheme)
        answer = page.goto("/" + path.format(decided=decided, failed=ended))
        assert answer.status == 200
        page.wait_for_selector("#live[data-state=on]")
        checked(page, mid)
        if not path:
            assert page.locator("#use table").count() == 4
            page.evaluate("document.querySelectorAll('#use details').forEach(one => one.open = true)")
            checked(page, mid)
        page.context.close()


def nothing_yet() -> tuple[ReadPlan, tuple[Entry, ...]]:
    return Story().read, ()


def held() -> tuple[ReadPlan, tuple[Entry, ...]]:
    story = Story()
    story.deploy()
    story.start_implement()
    story.settle()
    story.say("hold", "implement")
    story.settle()
    return story.read, tuple(story.entries)


def failed() -> tuple[ReadPlan, tuple[Entry, ...]]:
    story = Story()
    story.start_deploy()
    story.settle(failing="north")
    return story.read, tuple(story.entries)


def rolled_back() -> tuple[ReadPlan, tuple[Entry, ...]]:
    story = Story()
    story.deploy()
    story.start_deploy("2.7.0")
    for _ in range(4):
        story.tick()
        story.later(1)
        story.end()
    story.sees("unhealthy", "north", detail="GET /t/ answered 500, wanted 200")
    for state in ("unhealthy", "healthy", "healthy"):
        story.sees(state, "north", detail="" if state == "healthy" else "GET /t/ answered 500, wanted 200")
        story.later(9)
        story.settle()
    return story.read, tuple(story.entries)


STATES = {
    "nothing yet": (nothing_yet, ("Nothing has been deployed yet.", "uptake deploy plan.yaml")),
    "held": (held, ("is held by kim@desk", "An operator or owner releases it: uptake resume plan.yaml")),
    "failed host": (failed, ("no such port", "exit 1")),
    "rolled back": (rolled_back, ("rolled back", "uptake deploy plan.yaml --version VERSION")),
}


@pytest.mark.parametrize("name", STATES)
def test_every_state(browser, world, name):
    make, words = STATES[name]
    read, entries = make()
    with served(parts_of(world, read, entries)) as url:
        for width, scheme in ((390, "dark"), (1280, "light")):
            page = opened(browser, url, width=width, scheme=scheme)
            page.goto("/")
            page.wait_for_selector("#live[data-state=on]")
            text = " ".join(page.inner_text("main").split())
            for part in words:
                assert part in text
            assert "Not measured in this plan. No outcome yet" in text
            checked(page, url)
            page.context.close()


@pytest.mark.slow
def test_many_hosts_are_squares_and_a_table(browser, world):
    read, entries = failed()

    def crowd(board: Board) -> Board:
        bad, one, *_ = board.hosts
        many = [replace(one, name=f"web-{n:04}") for n in range(1000)]
        return replace(board, hosts=(*many, replace(bad, name="web-bad")))

    with served(parts_of(world, read, entries, crowd)) as url:
        page = opened(browser, url, width=390, scheme="light")
        page.goto("/hosts")
        page.wait_for_selector("#live[data-state=on]")
        assert page.locator(".squares li").count() == 1001
        assert page.locator(".rows tbody tr th").first.inner_text() == "web-bad"
        checked(page, url)
        page.context.close()
        assert len(gzip.compress(httpx.get(url, trust_env=False).content)) <= 40 * 1024


def test_the_first_load_is_light(browser, mid):
    page = opened(browser, mid, width=1280, scheme="light")
    page.goto("/")
    page.wait_for_selector("#live[data-state=on]")
    sizes = {}
    for request in dict.fromkeys(page.asked):
        if not request.endswith("/stream"):
            with httpx.stream("GET", request, trust_env=False, headers={"Accept-Encoding": "gzip"}) as answer:
                sizes[request] = sum(map(len, answer.iter_raw()))
    page.context.close()
    assert sum(sizes.values()) <= FIRST_LOAD_MOST, sizes
    print(sum(sizes.values()), sizes)


def test_everything_is_there_without_scripts(browser, mid):
    page = opened(browser, mid, width=1280, scheme="light", scripts=False)
    page.goto("/")
    assert page.locator("#timeline .lane").count() >= 5
    assert page.locator("#adoption svg").first.is_visible()
    assert page.locator("#theme").is_hidden()
    page.locator("#adoption-table summary").click()
    assert page.locator("#adoption-table tbody tr").count() > 5
    for link in page.locator("main a").all():
        target = link.get_attribute("href")
        assert target.startswith(("/entries/", "/plan#L", "/tell", "/report", "/decisions", "/hosts", "/people", "/"))
    first = page.locator(".compare .source a").first.get_attribute("href")
    page.goto(first)
    assert "hash" in page.inner_text("main")
    page.context.close()


def test_light_and_dark_by_choice(browser, mid):
    page = opened(browser, mid, width=1280, scheme="light")
    page.goto("/")
    page.click("#theme")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.reload()
    assert page.evaluate(paper) == dark
    page.click("#theme")
    assert page.evaluate(paper) != dark
    page.context.close()
