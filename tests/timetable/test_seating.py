"""Seats in sessions that exist: order, room, nobody twice at once, and who finds none is told why."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from uptake.core.ids import Pid
from uptake.core.time import NEVER, Instant
from uptake.core.training import Seat, Session
from uptake.timetable.seating import Attendee, Seating, seat

HOUR = 3_600_000
PATH = ("basics", "triage")


def session(name: str, course: str, start: int, seats: int, setting: str = "") -> Session:
    begin = Instant(start * HOUR)
    return Session(
        id=name, course=course, start=begin, end=Instant(begin + HOUR), place="R1", seats=seats, setting=setting
    )


def people(*teams: tuple[str, int], done: frozenset[str] = frozenset()) -> list[Attendee]:
    return [Attendee(pid=Pid(f"{team}{i}"), setting=team, done=done) for team, count in teams for i in range(count)]


def seated(found: Seating) -> dict[str, dict[str, str]]:
    by: dict[str, dict[str, str]] = {}
    for one in found.seats:
        by.setdefault(one.pid, {})[one.course] = one.session
    return by


def give(who: list[Attendee], sessions: list[Session], path: tuple[str, ...] = PATH, **more: object) -> Seating:
    window = (Instant(0), NEVER)
    return seat(who, sessions, path, **{"taken": {}, "window": window, **more})  # type: ignore[arg-type]


def test_colleagues_sit_together_where_they_can_and_courses_follow_one_another() -> None:
    sessions = [session("b1", "basics", 1, 3), session("b2", "basics", 2, 6), session("t1", "triage", 2, 9)]
    sessions.append(session("t2", "triage", 3, 9))
    found = give(people(("a", 2), ("b", 4)), sessions)
    assert found.unseated == ()
    by = seated(found)
    assert {by[f"a{i}"]["basics"] for i in range(2)} == {"b1"}
    assert {by[f"b{i}"]["basics"] for i in range(4)} == {"b2"}
    assert {by[f"b{i}"]["triage"] for i in range(4)} == {"t2"}, "triage at 2 overlaps with their basics at 2"


def test_who_finds_no_seat_is_told_why() -> None:
    found = give(people(("a", 3)), [session("b1", "basics", 1, 2), session("b9", "basics", 9, 9, setting="z")])
    assert len(found.seats) == 2
    assert [(pid, course) for pid, course, _ in found.unseated] == [
        ("a2", "basics"),
        ("a0", "triage"),
        ("a1", "triage"),
        ("a2", "triage"),
    ]
    assert {why for _, _, why in found.unseated} == {
        "every session of it in time is full or overlaps",
        "there is no session of it in time",
    }


def test_what_is_done_or_booked_is_not_given_again() -> None:
    coming = Seat(pid=Pid("a0"), course="basics", session="b1", start=Instant(HOUR), end=Instant(2 * HOUR), place="R1")
    who = [
        Attendee(pid=Pid("a0"), setting="a", seats=(coming,)),
        Attendee(pid=Pid("a1"), setting="a", done=frozenset({"basics"})),
    ]
    found = give(who, [session("b1", "basics", 1, 9), session("t1", "triage", 1, 9), session("t2", "triage", 2, 9)])
    assert seated(found) == {"a0": {"triage": "t2"}, "a1": {"triage": "t1"}} or seated(found) == {
        "a0": {"triage": "t2"},
        "a1": {"triage": "t2"},
    }


def test_seats_that_are_taken_and_sessions_out_of_time_do_not_count() -> None:
    sessions = [session("b0", "basics", 0, 9), session("b1", "basics", 1, 9), session("b5", "basics", 5, 9)]
    found = give(people(("a", 1)), sessions, ("basics",), taken={"b1": 9}, window=(Instant(HOUR), Instant(5 * HOUR)))
    assert (found.seats, len(found.unseated)) == ((), 1)


@given(
    teams=st.lists(st.integers(1, 6), min_size=1, max_size=5),
    rooms=st.lists(st.tuples(st.sampled_from(PATH), st.integers(0, 8), st.integers(1, 8)), max_size=10),
)
def test_a_seating_is_always_possible(teams: list[int], rooms: list[tuple[str, int, int]]) -> None:
    who = people(*((chr(97 + i), count) for i, count in enumerate(teams)))
    sessions = {f"s{i}": session(f"s{i}", *room) for i, room in enumerate(rooms)}
    found = give(who, list(sessions.values()))
    for name, one in sessions.items():
        assert sum(kept.session == name for kept in found.seats) <= one.seats
    by: dict[str, list[Seat]] = {}
    for kept in found.seats:
        by.setdefault(kept.pid, []).append(kept)
    for kept in by.values():
        assert [one.course for one in kept] == list(PATH[: len(kept)])
        assert all(a.end <= b.start for a, b in pairwise(kept))
    assert {(one.pid, one.course) for one in found.seats} | {(pid, course) for pid, course, _ in found.unseated} == {
        (one.pid, course) for one in who for course in PATH
    }
    assert give(list(reversed(who)), list(sessions.values())) == found
