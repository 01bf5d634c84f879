"""Counts by setting, and how sources stand: replaced when told again, counted at once, kept between restarts."""

from tests.store.conftest import people
from uptake.core.event import Ask, TeamUse
from uptake.core.look import UNREAD, FeedSeen
from uptake.core.time import Instant


def use(setting: str, users: int, at: int = 10, name: str = "used") -> TeamUse:
    return TeamUse(setting=setting, name=name, at=Instant(at), users=users)


def ask(wave: int, *, since: int = 0, until: int = 100, opened: bool = True, name: str = "used") -> Ask:
    begin, end = Instant(since), Instant(until)
    return Ask(wave=wave, name=name, count=1, since=begin, until=end, opened=opened, by="setting")


def test_counts_are_replaced_and_asked_for_by_wave_name_and_window(store):
    store.directory.freeze(people(9))  # three people in each of team0, team1, team2
    store.directory.assign({one.pid: int(one.setting[-1]) // 2 for one in store.directory.people()})
    store.teams.keep([use("team0", 1), use("team0", 3, at=20), use("team1", 7), use("team2", 2), use("team9", 9)])
    store.teams.keep([use("team0", 2), use("team2", 1, name="mail")])
    store.teams.keep([])
    found = store.events.count([ask(0), ask(1), ask(0, until=15), ask(1, opened=False), ask(1, name="mail"), ask(5)])
    assert [answer.adopters for answer in found] == [6, 2, 5, 0, 1, 0]
    assert [answer.early for answer in found] == [0, 0, 0, 2, 0, 0]
    assert [(answer.drawn, answer.present) for answer in found[:2]] == [(6, 6), (3, 3)]
    assert store.events.count([ask(1, since=10)])[0].adopters == 0, "the window is open below"
    assert store.events.strays() == 1


def test_many_counts_go_in_one_transaction(store):
    store.directory.freeze(people(3))
    store.directory.assign({one.pid: 0 for one in store.directory.people()})
    some = [use(f"team{number % 3}", number % 2, at=number) for number in range(1_201)]
    for _ in range(2):
        store.teams.keep(some)
    assert store.events.count([ask(0, since=-1, until=2_000)])[0].adopters == 3


def test_how_a_source_stands_is_kept(store, opening):
    assert store.feeds.seen("a") == UNREAD
    for state in ("fresh", "refused"):
        seen = FeedSeen(state=state, read_at=Instant(5), as_of=Instant(4), detail="line 7", mark="m")
        store.feeds.keep("a", seen)
        assert opening().feeds.seen("a") == seen
    assert opening("other").feeds.seen("a") == UNREAD
