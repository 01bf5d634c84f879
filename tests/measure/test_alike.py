"""Standardised differences: by hand, and what must hold of any groups."""

from math import sqrt

import numpy as np
import pytest

from uptake.core.chance import stream
from uptake.measure.alike import UNKNOWN, representativeness


def test_numbers_are_compared_by_their_means() -> None:
    """Variances with the divisor n - 1: 100 of the three, 250 of the five."""
    (found,) = representativeness({"age": [20, 30, 40]}, {"age": [20, 30, 40, 50, 60]})
    assert (found.category, found.group, found.audience) == (None, 30, 40)
    assert found.smd == pytest.approx((30 - 40) / sqrt((100 + 250) / 2), rel=1e-12)
    assert (found.group_people, found.audience_people) == (3, 5)


def test_texts_are_compared_category_by_category() -> None:
    group, audience = ["A", "A", "B", ""], ["A", "A", "B", "", "B", "B", "C", None]
    found = {one.category: one for one in representativeness({"site": group}, {"site": audience})}
    assert list(found) == [UNKNOWN, "A", "B", "C"]
    assert [(one.group, one.audience) for one in found.values()] == [
        (0.25, 0.25),
        (0.5, 0.25),
        (0.25, 0.375),
        (0.0, 0.125),
    ]
    assert found[UNKNOWN].smd == 0
    assert found["A"].smd == pytest.approx(0.25 / sqrt((0.25 + 0.1875) / 2), rel=1e-12)
    assert found["C"].smd == pytest.approx(-0.125 / sqrt(0.125 * 0.875 / 2), rel=1e-12)
    assert (found["B"].group_people, found["B"].audience_people) == (1, 3)


def test_columns_and_counts_tell_the_same() -> None:
    listed = representativeness({"role": ["x", "y", "y"]}, {"role": ["x", "y", "y", "x", "x"]})
    assert representativeness({"role": {"x": 1, "y": 2}}, {"role": {"x": 3, "y": 2}}) == listed


def test_numbers_that_are_missing_are_a_category_too() -> None:
    mean, unknown = representativeness({"age": [20.0, None]}, {"age": [20.0, None, 30.0, float("nan"), 40.0]})
    assert (mean.category, mean.group, mean.audience) == (None, 20, 30)
    assert mean.smd is None, "one value has no variance"
    assert (unknown.category, unknown.group, unknown.audience) == (UNKNOWN, 0.5, 0.4)


def test_what_does_not_vary_has_no_standard_to_measure_by() -> None:
    same = representativeness({"site": ["A"]}, {"site": ["A", "A"]})
    assert [one.smd for one in same] == [0.0]
    apart = representativeness({"age": [1, 1]}, {"age": [2, 2]})
    assert apart[0].smd is None


def test_flags_are_texts() -> None:
    found = representativeness({"remote": [True, False]}, {"remote": [True, False, False]})
    assert [one.category for one in found] == ["False", "True"]


@pytest.mark.parametrize("seed", range(5))
def test_everybody_is_like_everybody_and_a_unit_does_not_matter(seed: int) -> None:
    chance = stream(seed, "alike")
    age, site = chance.normal(40, 10, 60), chance.choice(["A", "B", "C"], 60)
    everybody = {"age": age.tolist(), "site": site.tolist()}
    assert all(one.smd == 0 for one in representativeness(everybody, everybody))
    some = {"age": age[:25].tolist(), "site": site[:25].tolist()}
    found = representativeness(some, everybody)
    months = representativeness({"age": (12 * age[:25]).tolist()}, {"age": (12 * age).tolist()})
    assert months[0].smd == pytest.approx(found[0].smd, rel=1e-9)
    expected = (age[:25].mean() - age.mean()) / np.sqrt((age[:25].var(ddof=1) + age.var(ddof=1)) / 2)
    assert found[0].smd == pytest.approx(float(expected), rel=1e-9)
    assert sum(one.group for one in found[1:]) == pytest.approx(1)
