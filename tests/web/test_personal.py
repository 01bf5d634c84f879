"""Links of one's own against a real server: answered once, opened a thousand times, and nothing told of few."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.web.world import World, now, served
from uptake.core.action import Open
from uptake.core.ids import Pid
from uptake.core.look import WaveLook
from uptake.core.time import Instant
from uptake.store.tables import answer, completion, link, person, receipt, used

DAY_MS = 86_400_000
MORE = """\
  ask: [{survey: umux-lite, with: [barrier], at: 1d}]
  support: {contact: help@example.org}
mail: {server: "smtp://127.0.0.1:25", from: a@example.org}
web: {url: "https://uptake.example.org"}
"""
GOOD = {"capabilities": "6", "easy": "7", "barrier": "none"}


@pytest.fixture
def asked(world: World) -> World:
    world.more = MORE
    world.draw()
    world.ask(Open, 0)
    world.store.links.surveys = ("umux-lite",)
    return world


@pytest.fixture
def page(asked: World) -> Iterator[httpx.Client]:
    with served(asked.parts()) as url, httpx.Client(base_url=url, trust_env=False, timeout=20) as made:
        yield made


def pid(world: World, name: str) -> Pid:
    found = world.store.directory.find(name)
    assert found is not None
    return found.pid


def token(world: World, name: str = "ada", kind: str = "survey", *, days: int = 14) -> str:
    expires = Instant(now() + days * DAY_MS)
    whose = pid(world, name)
    return world.store.links.make(kind, 0, [whose], expires_at=expires)[whose]  # type: ignore[arg-type]


def rows(world: World) -> list[object]:
    """Everything that a link could have changed."""
    with world.store.database.reading() as conn:
        tables = (link, answer, receipt, person, completion, used)
        kept = [sorted(map(str, conn.execute(table.select()).all())) for table in tables]
    return [world.store.ledger.head(), *kept]


def test_an_answer_is_kept_once_without_name_or_time(asked: World, page: httpx.Client) -> None:
    path = f"/s/{token(asked)}"
    shown = page.get(path)
    assert shown.status_code == 200
    assert "This system is easy to use." in shown.text
    assert "<script>" not in shown.text
    again = page.post(path, data={"easy": "7", "capabilities": "9"})
    assert again.status_code == 422
    assert again.text.count(" checked") == 1, "what was answered need not be answered again"
    assert 'name="easy" value="7" required checked' in again.text
    assert page.post(path, data=GOOD).text.count("Thank you") >= 1
    assert "has been used" in page.post(path, data=GOOD).text
    assert "has been used" in page.get(path).text
    with asked.store.database.reading() as conn:
        (kept,) = conn.execute(answer.select()).all()
    assert (kept.pid, kept.wave, kept.given % DAY_MS, kept.published) == ("", 0, 0, False)
    assert b"ada" not in kept.body
    assert pid(asked, "ada") not in str(tuple(kept))


@pytest.mark.parametrize("path", ["/s/none", "/me/none", "/s/" + "x" * 500])
def test_a_link_that_is_none(page: httpx.Client, path: str) -> None:
    assert page.get(path).status_code == 404


def test_a_link_that_is_over_or_of_another_kind(asked: World, page: httpx.Client) -> None:
    assert page.get(f"/s/{token(asked, 'ben', days=-1)}").status_code == 410
    assert page.post(f"/s/{token(asked, 'ben', days=-1)}", data=GOOD).status_code == 410
    assert page.get(f"/s/{token(asked, 'cyd', 'own')}").status_code == 404
    assert page.get(f"/me/{token(asked, 'cyd')}").status_code == 404


def test_a_form_of_another_site_is_not_taken(asked: World, page: httpx.Client) -> None:
    path = f"/s/{token(asked)}"
    assert page.post(path, data=GOOD, headers={"Origin": "https://elsewhere.example.org"}).status_code == 404
    assert page.post(path, data=GOOD).status_code == 200


def test_what_is_hers_alone_is_kept_by_nobody_else(asked: World, page: httpx.Client) -> None:
    for path in (f"/s/{token(asked)}", f"/me/{token(asked, 'ada', 'own')}", "/s/none"):
        for answered in (page.get(path), page.head(path)):
            assert answered.headers["Cache-Control"] == "no-store"
            assert answered.headers["Referrer-Policy"] in ("same-origin", "no-referrer")
            assert "default-src 'none'" in answered.headers["Content-Security-Policy"]
            assert "Set-Cookie" not in answered.headers


def test_two_forms_at_the_same_time_are_one_answer(asked: World, page: httpx.Client) -> None:
    path = f"/s/{token(asked)}"
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda _: page.post(path, data=GOOD).text, range(8)))
    assert sum("Your answer is kept." in text for text in texts) == 1
    assert sum("has been used" in text for text in texts) == 7
    with asked.store.database.reading() as conn:
        assert len(conn.execute(answer.select()).all()) == 1


def test_links_for_many_are_made_in_one_go(asked: World) -> None:
    pids = [pid(asked, name) for name in ("ada", "ben", "cyd")]
    until = Instant(now() + DAY_MS)
    first = asked.store.links.make("survey", 0, pids, expires_at=until)
    assert len(set(first.values())) == 3
    assert asked.store.links.make("survey", 0, pids, expires_at=until) == first


@pytest.mark.slow
def test_a_thousand_openings_change_nothing(asked: World, page: httpx.Client) -> None:
    paths = [f"/s/{token(asked)}", f"/me/{token(asked, 'ada', 'own')}"]
    before = rows(asked)
    for number in range(500):
        for path in paths:
            answered = page.head(path) if number % 2 else page.get(path)
            assert answered.status_code == 200
    assert rows(asked) == before


def test_her_own_page_says_when_and_what_is_held(asked: World, page: httpx.Client) -> None:
    ada, ben = (page.get(f"/me/{token(asked, name, 'own')}").text for name in ("ada", "ben"))
    assert "Your turn is booked for" in ada, "nothing was decided here, only asked"
    assert "Your team is not let in by this plan" in ben, "the plan has one wave, and ben is not in it"
    assert "help@example.org" in ada
    assert "ada" in ada
    assert "ben" not in ada


def test_nothing_is_told_before_there_are_enough(asked: World) -> None:
    asked.store.links.min_group = 3
    for name in ("ada", "ben", "cyd"):
        code = token(asked, name)
        looks = [WaveLook(wave=wave, opened_at=None, until=now()) for wave in range(4)]
        assert all(seen.answered == 0 for seen in asked.store.links.surveyed(looks))
        assert asked.store.links.take(code, GOOD, wave=0, at=now(), named=False)
        assert not asked.store.links.take(code, GOOD, wave=0, at=now(), named=False)
    told = {seen.wave: seen for seen in asked.store.links.surveyed(looks)}
    assert (told[0].answered, told[0].score, told[-1].answered) == (3, pytest.approx(91.6666666667), 3)
    assert told[0].barriers == (("none", 3),)
    assert told[1].answered == 0


def test_the_token_is_the_same_again_and_only_its_digest_is_kept(asked: World) -> None:
    first, again, other = token(asked), token(asked), token(asked, "ben")
    assert first == again != other
    assert first not in str(rows(asked))
