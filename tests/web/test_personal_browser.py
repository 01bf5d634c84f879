"""A survey and one's own page in a real browser: for everybody, on a phone, by keyboard alone, without a script."""

import pytest

from tests.web.test_access import browser, checked, opened, pytestmark
from tests.web.test_personal import GOOD, asked, rows, token
from tests.web.world import World, served
from uptake.store.tables import answer

__all__ = ("asked", "browser", "pytestmark")


def answers(world: World) -> list[bytes]:
    with world.store.database.reading() as conn:
        return [row.body for row in conn.execute(answer.select())]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_of_a_link(browser, asked, width, scheme):
    paths = [f"/s/{token(asked)}", f"/me/{token(asked, 'ada', 'own')}", f"/s/{token(asked, 'ben', days=-1)}", "/s/none"]
    before = rows(asked)
    with served(asked.parts()) as url:
        page = opened(browser, url, width=width, scheme=scheme)
        for path in paths:
            page.goto(path)
            page.said.clear()  # Chromium names each answer that is not 200
            checked(page, url)
        page.context.close()
    assert rows(asked) == before, "a browser that opens links and runs their scripts has changed something"


@pytest.mark.slow
@pytest.mark.parametrize("scripts", [True, False])
def test_it_is_answered_by_keyboard_alone(browser, asked, scripts):
    with served(asked.parts()) as url:
        page = opened(browser, url, width=390, scheme="light", scripts=scripts)
        page.goto(f"/s/{token(asked)}")
        for name, value in GOOD.items():
            for _ in range(12):
                page.keyboard.press("Tab")
                if page.locator(f"input[name={name}]:focus").count():
                    break
            page.keyboard.press("Space")
            while not page.locator(f"input[name={name}][value='{value}']").is_checked():
                page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/s/*")
        page.get_by_role("heading", name="Thank you.").wait_for()
        page.context.close()
    assert answers(asked) == [b'{"barrier":"none","capabilities":"6","easy":"7"}']


@pytest.mark.slow
def test_a_form_that_misses_an_answer_says_so_and_keeps_the_rest(browser, asked):
    with served(asked.parts()) as url:
        page = opened(browser, url, width=390, scheme="light", scripts=False)
        page.goto(f"/s/{token(asked)}")
        page.check("input[name=easy][value='7']")
        page.click("main button")
        assert page.get_by_role("heading", name="Thank you.").count() == 0
        assert page.locator("input[name=easy][value='7']").is_checked()
        page.context.close()
    assert answers(asked) == []
