"""Forms in a real browser: for everybody, and from the button to the loop that obeys."""

import signal

import pytest

from tests.web.test_access import browser, checked, opened, pytestmark
from tests.web.test_serve import PEOPLE, Served, folder, let_in, token, uptake, use
from tests.web.visitor import ask
from tests.web.world import eventually, served
from uptake.web.listen import Settings

__all__ = ("browser", "folder", "pytestmark")

PATHS = ("/hold", "/approve/gate-wave-1", "/tell?figure=entry-1", "/tell/3", "/resume")


def sign_in(page, words: str) -> None:
    page.goto("/sign-in")
    page.fill("#token", words)
    page.click("main button")
    page.wait_for_selector("#live")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_form(browser, world, width, scheme):
    world.draw()
    ask(world, "gate-wave-1")
    with served(world.parts(), Settings(port=0)) as url:
        page = opened(browser, url, width=width, scheme=scheme)
        sign_in(page, world.tokens["operator"])
        page.goto("/tell?figure=deploy.goals.x&page=/hosts")
        page.fill("#text", "It says 3, and we have 4.")
        page.click("main button")
        assert page.url.endswith("/tell/3")
        for path in PATHS:
            answer = page.goto(path)
            page.said.clear()  # Chromium names each answer that is not 200
            assert answer.status in {200, 409}
            checked(page, url)
        page.context.close()


@pytest.mark.slow
def test_the_loop_obeys(browser, folder):
    words = {role: token(folder, role) for role in ("operator", "flags", "intake")}
    here = Served(folder)
    try:
        assert uptake("implement", "plan.yaml", "--yes", "--detach", folder=folder).returncode == 0
        assert eventually(lambda: len(let_in(here, words["flags"])) == PEOPLE // 2, within_s=20)
        page = opened(browser, here.address, width=1280, scheme="light")
        sign_in(page, words["operator"])
        page.click("#hold")
        assert f"1 wave with {PEOPLE // 2} people" in page.inner_text("main")
        page.fill("#why", "the hall is flooded")
        page.click("main button")
        assert "/entries/" in page.url
        first = let_in(here, words["flags"])
        use(here, words["intake"], first, "2030-01-01T00:00:00Z")
        page.goto("/")
        page.wait_for_selector("#resume")
        assert "held by operator" in page.inner_text(".problems")
        page.wait_for_timeout(3000)
        assert len(let_in(here, words["flags"])) == PEOPLE // 2
        page.click("#resume")
        page.click("main button")
        assert eventually(lambda: len(let_in(here, words["flags"])) == PEOPLE, within_s=30)
        page.context.close()
        assert here.end(signal.SIGTERM) == 0
        assert (folder / "serve.log").read_text() == ""
    finally:
        here.end(signal.SIGKILL)
