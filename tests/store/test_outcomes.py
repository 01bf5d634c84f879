"""Values of outcomes: kept once, corrected by key, their means by period, and the finding that stands."""

from uptake.core.look import KeptLook, Value
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


def look(number: int, estimate: float) -> KeptLook:
    at = Instant(86_400_000 * number)
    return KeptLook(number=number, at=at, estimate=estimate, se=0.5, boundary=None, low=None, high=0.25, course="{}")


def test_a_look_that_stands_is_never_changed(store: Store) -> None:
    assert store.outcomes.looks("days", "effect/1") == ()
    store.outcomes.look("days", "effect/1", [look(2, -1.5), look(1, -1.0)])
    store.outcomes.look("days", "effect/1", [look(2, 9.0), look(3, -2.0)])
    assert store.outcomes.looks("days", "effect/1") == (look(1, -1.0), look(2, -1.5), look(3, -2.0))
    assert store.outcomes.looks("days", "target/1") == store.outcomes.looks("more", "effect/1") == ()
