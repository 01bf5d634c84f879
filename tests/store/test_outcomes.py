"""Values of outcomes: kept once, corrected by key, their means by period, and the finding that stands."""

from dataclasses import replace

from uptake.core.look import Measured, Value, WaveMean
from uptake.core.time import Instant
from uptake.store.open import Store


def value(key: str, unit: str, at: int, number: float) -> Value:
    return Value(key=key, unit=unit, at=Instant(at), value=number)


def means(store: Store, *cuts: int) -> list[tuple[str, int, float, int]]:
    found = store.outcomes.means("days", [Instant(cut) for cut in cuts])
    return [(one.unit, one.period, one.mean, one.count) for one in found]


def test_the_same_again_is_one_and_a_correction_replaces(store: Store) -> None:
    rows = [value("1", "a", 5, 2.0), value("2", "a", 6, 4.0), value("3", "b", 15, 1.0)]
    store.outcomes.keep("days", rows)
    store.outcomes.keep("days", rows)
    store.outcomes.keep("other", [value("1", "a", 5, 99.0)])
    assert means(store, 0, 10, 20) == [("a", 0, 3.0, 2), ("b", 1, 1.0, 1)]
    store.outcomes.keep("days", [value("2", "b", 12, 7.0), value("4", "a", 9, 6.0), value("4", "a", 9, 8.0)])
    assert means(store, 0, 10, 20) == [("a", 0, 5.0, 2), ("b", 1, 4.0, 2)]


def test_a_cut_belongs_to_the_later_period_and_nothing_lies_outside(store: Store) -> None:
    store.outcomes.keep("days", [value(str(at), "a", at, float(at)) for at in (0, 9, 10, 19, 20)])
    assert means(store, 0, 10, 20) == [("a", 0, 4.5, 2), ("a", 1, 14.5, 2)]
    assert means(store, 5) == means(store) == []


def test_many_values_in_one_transaction(store: Store) -> None:
    store.outcomes.keep("days", [value(str(n), f"u{n % 7}", n, 1.0) for n in range(3_000)])
    assert sum(count for *_, count in means(store, 0, 3_000)) == 3_000
    store.outcomes.keep("days", [])


def test_the_first_finding_stands(store: Store) -> None:
    day = Instant(86_400_000)
    found = Measured(name="days", as_of=day, waves=(WaveMean(wave=0, units=3, missing=1, before=2.5),), estimate=-1.5)
    assert store.outcomes.judged("days", day) is None
    store.outcomes.judge("days", day, found)
    store.outcomes.judge("days", day, replace(found, estimate=9.0))
    assert store.outcomes.judged("days", day) == found
    assert store.outcomes.judged("days", Instant(day + 1)) is None
