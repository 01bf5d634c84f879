"""RE-AIM and Proctor: numbers against a made-up population of which everything is known, and honest gaps."""

import pytest

from uptake.core.chance import stream
from uptake.measure.reach import NOBODY, NOT_MEASURED, NOT_SO_LONG, Evidence, Row, proctor, re_aim
from uptake.measure.survival import counts, stayed

TODAY, RELAPSE_DAYS = 400, 28


def by_name(rows: tuple[Row, ...]) -> dict[str, Row]:
    assert len({row.name for row in rows}) == len(rows)
    return {row.name: row for row in rows}


def test_they_are_the_truth_of_a_population_that_is_known() -> None:
    """200 people at 3 sites, everyone written down; all were watched long enough, so no share is estimated."""
    chance = stream(1, "reach")
    sites = chance.choice(["north", "south", "west"], 200, p=[0.5, 0.3, 0.2]).tolist()
    uses = []
    for person in range(200):
        first, last = int(chance.integers(0, 100)), int(chance.integers(100, 401))
        adopts = person < 150 and chance.random() < 0.6
        uses.append(list(range(first, last, 7)) if adopts else [])
    adopters = [person for person in range(200) if uses[person]]
    stays = [stayed(uses[person], today=TODAY, relapse_days=RELAPSE_DAYS) for person in adopters]
    active = [person for person, (_, relapsed) in zip(adopters, stays, strict=True) if not relapsed]
    known = Evidence(
        eligible=200,
        exposed=150,
        adopters=len(adopters),
        expected=150,
        active=len(active),
        settings=3,
        settings_adopting=len({sites[person] for person in adopters}),
        costs={"trainers": 900.0, "learners": 2700.0},
        stay=counts([days for days, _ in stays], [relapsed for _, relapsed in stays]),
        attributes={"site": sites},
        adopters_attributes={"site": [sites[person] for person in adopters]},
    )
    aim, implementation = by_name(re_aim(known)), by_name(proctor(known))
    assert aim["reach"].value == len(adopters) / 200
    assert aim["reach: exposed"].value == 0.75
    assert aim["adoption: settings"].value == 1
    assert aim["implementation: cost"].value == 3600
    assert aim["implementation: cost per adopter"].value == 3600 / len(adopters)
    assert implementation["adoption"].value == len(adopters) / 150
    assert implementation["penetration"].value == len(active) / 150
    gone = [days for days, relapsed in stays if relapsed]
    for days in (90, 180):
        truth = sum(one <= days for one in gone) / len(adopters)
        assert implementation[f"relapse: {days} days"].value == pytest.approx(truth, abs=1e-12)
        assert implementation[f"sustainability: {days} days"].value == pytest.approx(1 - truth, abs=1e-12)
    assert aim["maintenance: people"].value == implementation["sustainability: 180 days"].value
    shares = {site: [sites[person] for person in adopters].count(site) / len(adopters) for site in set(sites)}
    everybody = {site: sites.count(site) / 200 for site in set(sites)}
    largest = max(
        abs(shares[site] - everybody[site])
        / ((shares[site] * (1 - shares[site]) + everybody[site] * (1 - everybody[site])) / 2) ** 0.5
        for site in everybody
    )
    assert aim["reach: representativeness"].value == pytest.approx(largest, rel=1e-9)


def test_what_nobody_measured_says_so() -> None:
    known = Evidence(eligible=50, exposed=20, adopters=5)
    rows = {**by_name(re_aim(known)), **by_name(proctor(known))}
    measured = {name for name, row in rows.items() if row.value is not None}
    assert measured == {"reach", "reach: exposed", "adoption"}
    assert all(row.said == NOT_MEASURED for name, row in rows.items() if name not in measured)
    assert all(not row.said for name, row in rows.items() if name in measured)
    assert all(row.definition for row in rows.values())


def test_what_was_measured_has_its_quotient() -> None:
    known = Evidence(
        eligible=50,
        exposed=20,
        adopters=5,
        settings=6,
        settings_adopting=4,
        settings_sustained=3,
        staff=8,
        staff_taking_part=6,
        steps_due=12,
        steps_delivered=9,
        uses=40,
        uses_intended=30,
        adaptations=2,
        answers={"aim": (12.5, 3), "fim": (0.0, 0)},
        effects={"days_to_answer": -0.4},
    )
    aim, implementation = by_name(re_aim(known)), by_name(proctor(known))
    assert (aim["maintenance: settings"].numerator, aim["maintenance: settings"].denominator) == (3, 4)
    assert aim["maintenance: settings"].value == 0.75
    assert aim["adoption: staff"].value == 0.75
    assert aim["implementation: fidelity"].value == implementation["fidelity"].value == 0.75
    assert aim["implementation: fidelity of use"].value == 0.75
    assert aim["implementation: adaptations"].value == 2
    assert aim["effectiveness: days_to_answer"].value == -0.4
    assert implementation["acceptability"].value == pytest.approx(12.5 / 3)
    assert (implementation["feasibility"].value, implementation["feasibility"].said) == (None, NOBODY)
    assert implementation["appropriateness"].said == NOT_MEASURED


def test_no_share_of_nobody_and_no_sustainment_before_its_day() -> None:
    nobody = by_name(re_aim(Evidence(eligible=0, exposed=0, adopters=0, costs={"trainers": 10.0})))
    assert (nobody["reach"].value, nobody["reach"].said) == (None, NOBODY)
    assert nobody["implementation: cost per adopter"].said == NOBODY
    stay = counts([100, 60, 100], [False, True, False])
    rows = by_name(proctor(Evidence(eligible=9, exposed=9, adopters=3, stay=stay)))
    sustained, relapsed = rows["sustainability: 90 days"], rows["relapse: 90 days"]
    assert sustained.value == pytest.approx(2 / 3)
    assert sustained.interval is not None
    assert relapsed.interval is not None
    assert sustained.interval[0] < 2 / 3 < sustained.interval[1]
    assert relapsed.interval == pytest.approx((1 - sustained.interval[1], 1 - sustained.interval[0]))
    assert rows["sustainability: 180 days"].said == rows["relapse: 180 days"].said == NOT_SO_LONG
    assert rows["sustainability: 180 days"].value is None


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(AssertionError):
        Evidence(eligible=10, exposed=5, adopters=6)
    with pytest.raises(AssertionError):
        Evidence(eligible=10, exposed=5, adopters=4, steps_due=3, steps_delivered=4)
