"""The draw: exact sizes, exact within strata, the same everywhere, and really random."""

import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptake.core.time import Span
from uptake.implement.targets import Unit, cycle, draw, sizes
from uptake.plan.model import Waves


def waves(shares: list[float], holdout: float = 0.0, order: str = "random") -> Waves:
    return Waves(assign_by="setting", sizes=tuple(shares), holdout=holdout, every=Span(days=7), order=order)  # type: ignore[arg-type]


def test_every_wave_has_one_team_of_every_site() -> None:
    units = [Unit(id=f"team-{i}", stratum=f"site-{i % 3}") for i in range(12)]
    for seed in range(50):
        of = draw(waves([0.25] * 4), units, seed=str(seed), plan="p")
        for wave in range(4):
            assert sorted(u.stratum for u in units if of[u.id] == wave) == ["site-0", "site-1", "site-2"]


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=8),
    st.lists(st.integers(1, 20), min_size=1, max_size=6),
    st.booleans(),
    st.text("0123456789abcdef", min_size=4, max_size=8),
)
def test_sizes_are_exact_and_strata_are_even(strata: list[int], parts: list[int], held: bool, seed: str) -> None:
    shares = [part / sum(parts) for part in parts]
    plan = waves(shares[:-1] or [1.0], shares[-1] if held and len(shares) > 1 else 0.0)
    if not held and len(shares) > 1:
        plan = waves(shares)
    units = [Unit(id=f"{s}-{i}", stratum=f"s{s}") for s, n in enumerate(strata) for i in range(n)]
    of = draw(plan, units, seed=seed, plan="p")
    wanted = sizes(plan, len(units))
    assert sum(wanted) == len(units)
    assert [Counter(of.values()).get(w, 0) for w in range(len(wanted))] == list(wanted)
    for s, n in enumerate(strata):
        inside = Counter(of[u.id] for u in units if u.stratum == f"s{s}")
        for w, total in enumerate(wanted):
            assert abs(inside.get(w, 0) - n * total / len(units)) <= 2.0


@given(st.lists(st.integers(0, 30), min_size=1, max_size=7).filter(lambda counts: sum(counts) > 0))
def test_a_cycle_holds_each_wave_as_often_as_asked(counts: list[int]) -> None:
    order = cycle(tuple(counts))
    assert [order.count(w) for w in range(len(counts))] == counts


def test_a_stratum_of_one_has_a_real_chance_of_each_wave() -> None:
    units = [Unit(id="alone", stratum="x"), *(Unit(id=f"t{i}", stratum="y") for i in range(11))]
    seen = Counter(draw(waves([0.25] * 4), units, seed=str(s), plan="p")["alone"] for s in range(400))
    assert set(seen) == {0, 1, 2, 3}
    assert min(seen.values()) > 60


def test_the_order_of_the_file_does_not_matter_and_the_seed_does() -> None:
    units = [Unit(id=f"t{i}", stratum=f"s{i % 2}") for i in range(20)]
    one = draw(waves([0.5, 0.5]), units, seed="a", plan="p")
    assert one == draw(waves([0.5, 0.5]), units[::-1], seed="a", plan="p")
    assert one != draw(waves([0.5, 0.5]), units, seed="b", plan="p")
    assert one != draw(waves([0.5, 0.5]), units, seed="a", plan="q")


def test_listed_takes_them_in_order() -> None:
    units = [Unit(id=f"t{i}") for i in range(10)]
    of = draw(waves([0.2, 0.3], holdout=0.5, order="listed"), units, seed="a", plan="p")
    assert [of[f"t{i}"] for i in range(10)] == [0, 0, 1, 1, 1, 2, 2, 2, 2, 2]


def alone(seed: str, plan: str, units: dict[str, str], counts: list[int]) -> dict[str, int]:
    """The draw written again from its description with hashlib alone: what anyone can do to verify one."""

    def rank(unit: str) -> int:
        text = f"{seed}\0{plan}\0{unit}".encode()
        return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")

    line = sorted(units, key=lambda u: (rank("stratum\0" + units[u]), units[u], rank(u), u))
    total, given, dealt = sum(counts), [0] * len(counts), []
    for step in range(1, total + 1):
        owed = [c * step - g * total if g < c else -(10**9) for c, g in zip(counts, given, strict=True)]
        wave = owed.index(max(owed))
        given[wave] += 1
        dealt.append(wave)
    start = rank("start") % total
    return {unit: dealt[(start + i) % total] for i, unit in enumerate(line)}


@pytest.mark.parametrize("seed", ["00ff", "a1b2c3", "7"])
@pytest.mark.parametrize("counts", [[3, 3, 3, 3], [1, 2, 4, 5], [6, 4, 2, 0]])
def test_the_table_can_be_recomputed_by_anyone(seed: str, counts: list[int]) -> None:
    units = {f"Stra\u00dfe {i}": f"s{i % 5}" for i in range(12)}
    shares = [count / 12 for count in counts]
    of = draw(waves(shares), [Unit(id=u, stratum=s) for u, s in units.items()], seed=seed, plan="helpdesk")
    assert of == alone(seed, "helpdesk", units, list(sizes(waves(shares), 12)))
