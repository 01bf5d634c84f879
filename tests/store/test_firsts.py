"""First adoptions counted by SQL equal a slow recount in plain Python, on SQLite and on PostgreSQL."""

import itertools
from collections import Counter, defaultdict
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.conftest import people
from uptake.core.event import Event, FirstAsk, Part, TeamUse
from uptake.core.ports import Person
from uptake.core.time import Instant

NUMBERS = itertools.count()
LATE = Instant(10_000)
EVENTS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 40), st.sampled_from("xxxy"), st.integers(0, 45)), max_size=40
)
"""Who (one of them is nobody of the audience), when, what, and when it was received."""


def ask(wave: int, *, count: int = 1, within: int = 10, opened: int | None = 0, until: int = 40, period: int = 10):
    return FirstAsk(
        wave=wave,
        name="x",
        count=count,
        within_ms=within,
        opened_at=None if opened is None else Instant(opened),
        until=Instant(until),
        period_ms=period,
        columns=("", "site"),
    )


def use(number: int, subject: str, at: int, name: str = "x") -> Event:
    return Event(id=str(number), source="app", subject=subject, name=name, at=Instant(at))


def adopts_at(times: list[int], one: FirstAsk) -> int | None:
    """The first use after the opening and until the look by which enough lie in its window; tried one by one."""
    if one.opened_at is None:
        return None
    inside = [at for at in times if one.opened_at < at <= one.until]
    for at in sorted(inside):
        if sum(at - one.within_ms < other <= at for other in inside) >= one.count:
            return at
    return None


def is_active(times: list[int], one: FirstAsk) -> bool:
    assert one.opened_at is not None
    return sum(max(one.opened_at, one.until - one.within_ms) < at <= one.until for at in times) >= one.count


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=EVENTS,
    count=st.sampled_from([1, 2, 3]),
    within=st.sampled_from([1, 3, 10, 60]),
    opened=st.sampled_from([0, 5, 20]),
    until=st.integers(18, 42),
    period=st.sampled_from([1, 7, 10]),
)
def test_first_adoptions_are_those_of_a_slow_recount(opening, events, count, within, opened, until, period):
    store = opening(f"firsts {next(NUMBERS)}")
    everyone = [replace(one, attributes={"site": "ns"[n % 2]}) for n, one in enumerate(people(6))]
    store.directory.freeze(everyone)
    store.directory.assign({one.pid: n % 2 for n, one in enumerate(store.directory.people())})
    uses: dict[str, list[int]] = defaultdict(list)
    for number, (subject, at, name, received) in enumerate(events):
        store.events.append([use(number, f"u{subject}", at, name)], received_at=Instant(received))
        if name == "x":
            uses[f"u{subject}"].append(min(at, received))
    store.events.fold()
    store.directory.freeze(everyone[:5])  # u5 leaves
    here = [one for one in store.directory.people() if one.present]
    assert len(here) == 5
    asks = [ask(wave, count=count, within=within, opened=opened, until=until, period=period) for wave in (0, 1)]
    closed = ask(1, count=count, opened=None, until=until)
    *found, shut = store.events.adopted([*asks, closed])
    for one, told in zip(asks, found, strict=True):
        inside = [who for who in here if who.wave == one.wave]
        firsts = {who.pid: adopts_at(uses[who.external_id], one) for who in inside}
        places = Counter((at - opened) // period for at in firsts.values() if at is not None)
        assert told.present == len(inside)
        assert told.firsts == tuple(
            places[place] for place in range((until - opened) // period + 1 if until >= opened else 0)
        )
        assert told.adopters == sum(at is not None for at in firsts.values()) == sum(told.firsts)
        assert told.active == sum(is_active(uses[who.external_id], one) for who in inside)
        assert told.parts == slow_parts(inside, {pid for pid, at in firsts.items() if at is not None})
    assert (shut.present, shut.adopters, shut.active, shut.firsts) == (len([p for p in here if p.wave == 1]), 0, 0, ())
    store.close()


def slow_parts(inside: list[Person], adopters: set[str]) -> tuple[Part, ...]:
    kinds = sorted({("", who.setting) for who in inside} | {("site", who.attributes["site"]) for who in inside})
    found = []
    for column, value in kinds:
        mine = [who for who in inside if (who.attributes["site"] if column else who.setting) == value]
        among = sum(who.pid in adopters for who in mine)
        found.append(Part(column=column, value=value, people=len(mine), adopters=among))
    return tuple(found)


def drawn(store):
    store.directory.freeze(people(4))
    store.directory.assign({one.pid: 0 for one in store.directory.people()})
    return store


def test_the_window_is_open_below_and_ties_count(store):
    drawn(store)
    times = {"u0": [10, 20, 29], "u1": [10, 20, 30], "u2": [15, 15, 15], "u3": [5, 10, 15]}
    some = [use(n, who, at) for n, (who, at) in enumerate((who, at) for who, all_ in times.items() for at in all_)]
    store.events.append(some, received_at=LATE)
    store.events.fold()
    (told,) = store.events.adopted([ask(0, count=3, within=20, opened=5, until=40, period=1)])
    days = {place: number for place, number in enumerate(told.firsts) if number}
    assert days == {29 - 5: 1, 15 - 5: 1}, "u1's first and third are a whole window apart; u3's first is the opening's"
    assert (told.adopters, told.active) == (2, 0)
    (told,) = store.events.adopted([ask(0, count=3, within=20, opened=5, until=28, period=1)])
    assert told.adopters == 1, "what comes after the look is not known"


def test_coming_back_is_no_second_adoption(store):
    drawn(store)
    store.events.append([use(1, "u0", 10), use(2, "u0", 35), use(3, "u1", 10)], received_at=LATE)
    store.events.fold()
    (told,) = store.events.adopted([ask(0, within=10)])
    assert (told.firsts, told.adopters, told.active) == ((0, 2, 0, 0, 0), 2, 1)


def test_what_is_not_folded_is_not_told(store):
    drawn(store)
    store.events.append([use(1, "u0", 10)], received_at=LATE)
    assert store.events.adopted([ask(0)])[0].adopters == 0, "the last look has not counted it"
    store.events.fold()
    assert store.events.adopted([ask(0)])[0].adopters == 1
    assert store.events.adopted([]) == ()


def test_no_more_is_told_apart_than_is_asked_for(store):
    drawn(store)
    store.events.append([use(1, "u0", 10)], received_at=LATE)
    store.events.fold()
    one, other = (replace(ask(0), columns=columns) for columns in ((), ("site",)))
    assert store.events.adopted([one])[0].parts == ()
    assert store.events.adopted([other])[0].parts == (Part(column="site", value="north", people=4, adopters=1),)
    assert [told.parts for told in store.events.adopted([one, other])] == [
        (),
        (Part(column="site", value="north", people=4, adopters=1),),
    ]


def test_by_setting_nobody_knows_when(store):
    store.directory.freeze(people(9))  # three people in each of team0, team1, team2
    store.directory.assign({one.pid: int(one.setting[-1]) // 2 for one in store.directory.people()})
    told = [("team0", 9, 10), ("team0", 1, 35), ("team1", 2, 3), ("team2", 2, 20)]
    store.teams.keep([TeamUse(setting=name, name="x", at=Instant(at), users=users) for name, users, at in told])
    first, second = (replace(ask(wave, opened=5), by="setting", columns=("",)) for wave in (0, 1))
    found = store.events.adopted([first, replace(second, opened_at=None)])
    assert [(one.present, one.adopters, one.active, one.firsts) for one in found] == [(6, 3, 1, ()), (3, 0, 0, ())]
    assert found[0].parts == (
        Part(column="", value="team0", people=3, adopters=3),
        Part(column="", value="team1", people=3, adopters=0),
    )
    assert found[1].parts == (Part(column="", value="team2", people=3, adopters=0),)
