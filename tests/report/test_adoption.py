"""Adoption figures of a picture and counts set by hand: what is left out, what is not measured, and how it is told."""

from dataclasses import replace

import pytest

from tests.report.story import START, Story
from uptake.core.entry import Observed
from uptake.core.event import Adopted, Part
from uptake.core.look import LookShown, Measured, SourceSeen, Surveyed
from uptake.core.time import Instant
from uptake.report.adopted import AdoptionShown, RowShown
from uptake.report.adoption import adoption_of, asked
from uptake.report.adoption_text import adoption_text
from uptake.report.known import Known
from uptake.report.terminal import cells

ALONE = (
    (
        "waves: {assign_by: setting, sizes: [50%, 40%], holdout: 10%, stratify: [site], start: deployed, every: 24s}",
        "waves: {assign_by: setting, sizes: [50%, 40%], holdout: 10%, stratify: [site], every: 24s}",
    ),
)


def story(**more) -> Story:
    """Both waves let in, each after the other's gate; the holdout never is."""
    made = Story(deploy=False, changes=(*ALONE, *more.pop("changes", ())))
    made.start_implement()
    made.adopted(0)
    made.settle()
    for first, second in ((10, 0), (40, 0), (40, 10)):
        made.adopted(first, second)
        made.later(13)
        made.settle()
    return made


def known(made: Story, **seen) -> Known:
    if seen:
        made.write(replace(made.picture.observed, now=made.now, **seen))
    return Known(read=made.read, picture=made.picture, now=made.now)


def parts(*found: tuple[str, str, int, int]) -> tuple[Part, ...]:
    return tuple(Part(column=c, value=v, people=p, adopters=a) for c, v, p, a in found)


def counted(at: Known, *waves: Adopted) -> AdoptionShown:
    periods = {ask.wave: (ask.until - ask.opened_at) // ask.period_ms + 1 for ask in asked(at) if ask.opened_at}
    full = []
    for one in waves:
        firsts = (*one.firsts, *[0] * (periods.get(one.wave, len(one.firsts)) - len(one.firsts)))
        full.append(replace(one, firsts=firsts, adopters=sum(firsts)))
    shown = adoption_of(at, full)
    assert shown is not None
    return shown


def row(shown: AdoptionShown, name: str) -> RowShown:
    (found,) = [one for one in (*shown.re_aim, *shown.proctor) if one.name == name]
    return found


FIRST = Adopted(wave=0, present=50, active=20, firsts=(0, 10, 0, 15))
SECOND = Adopted(wave=1, present=40, active=5, firsts=(0, 0, 8))


def test_what_is_asked() -> None:
    at = known(story())
    first, second = asked(at)
    assert (first.wave, second.wave) == (0, 1), "the holdout is not asked about"
    assert first.opened_at is not None
    assert second.opened_at is not None
    assert first.opened_at < second.opened_at
    assert (first.name, first.count, first.within_ms, first.period_ms) == ("issue.created", 3, 3_600_000, 1000)
    assert (first.columns, first.by) == (("", "site"), "person")
    assert first.until == at.picture.observed.looked_at
    assert asked(Known(read=at.read, picture=Story().picture, now=at.now)) == ()


def test_a_source_of_use_is_complete_up_to_its_own_time() -> None:
    made = story()
    until = Instant(made.picture.observed.looked_at - 1500)
    at = known(made, sources=(SourceSeen(name="implement.adoption.from", state="fresh", as_of=until),))
    assert {ask.until for ask in asked(at)} == {until}
    assert counted(at, FIRST, SECOND).as_of_ms == until


def test_the_figures_of_two_waves() -> None:
    shown = counted(known(story()), FIRST, SECOND)
    one, two = shown.waves
    assert (one.median, two.median) == (4, None)
    assert [(point.after, point.share) for point in one.curve] == [(2, pytest.approx(0.2)), (4, pytest.approx(0.5))]
    assert shown.compared is not None
    assert shown.compared.periods == min(one.followed, two.followed)
    assert shown.compared.df == 1
    assert (shown.compared.p < 0.05) == shown.compared_words.startswith("Waves differ")
    assert shown.stay_words.startswith("Of 33 people who have adopted, 25 still use it as often now.")
    assert row(shown, "penetration").shown == "28% (25 of 90)"
    assert row(shown, "reach").shown == "37% (33 of 90)"


def test_a_small_wave_is_left_out_and_cannot_be_had_by_subtraction() -> None:
    small = replace(SECOND, present=4, firsts=(1,), active=1)
    shown = counted(known(story()), FIRST, small)
    assert shown.waves == (), "the other wave's count would give the small one away"
    assert shown.notes == ("Waves of 54 people are left out: of fewer than 5 people nothing is shown.",)
    assert shown.compared_words == "Waves are not compared: there are fewer than two waves."
    alone = counted(known(story()), replace(FIRST, present=3, firsts=(1,)), replace(SECOND, present=1, firsts=()))
    assert (alone.re_aim, alone.stay_words) == ((), "")
    assert alone.notes == ("Too few people are let in to show anything of them.",)


def test_small_categories_are_put_together() -> None:
    told = parts(("", "a", 30, 20), ("", "b", 17, 5), ("", "c", 3, 0), ("site", "n", 26, 20), ("site", "", 24, 5))
    shown = counted(known(story()), replace(FIRST, parts=told), SECOND)
    found = {(one.attribute, one.category): (one.adopters, one.people) for one in shown.apart}
    assert found == {
        ("team", "a"): (20, 30),
        ("team", "(smaller groups)"): (5, 20),
        ("site", "n"): (20, 26),
        ("site", "(not known)"): (5, 24),
    }
    assert [one.attribute for one in shown.apart] == ["site", "site", "team", "team"]
    assert row(shown, "adoption: settings").shown == "67% (2 of 3)"


def test_of_fewer_adopters_than_may_be_told_nobody_hears_who_they_are() -> None:
    told = parts(("", "a", 50, 4), ("site", "n", 50, 4))
    shown = counted(known(story()), replace(FIRST, firsts=(4,), active=4, parts=told), replace(SECOND, firsts=()))
    assert shown.apart == ()
    assert row(shown, "reach: representativeness").said == "not measured"
    assert row(shown, "reach").numerator == 4


def test_answers_and_effects_come_from_the_last_look() -> None:
    look = LookShown(at=Instant(START), estimate=-0.5)
    seen = {
        "surveys": (
            Surveyed(wave=-1, survey="aim", asked=50, answered=20, score=4.25),
            Surveyed(wave=-1, survey="iam", asked=50, answered=0),
            Surveyed(wave=-1, survey="umux-lite", asked=50, answered=20, score=70.0),
            Surveyed(wave=0, survey="fim", asked=50, answered=20, score=2.0),
        ),
        "outcomes": (
            Measured(name="days", as_of=Instant(START), estimate=-0.5, low=-0.9, high=-0.1, looks=(look,)),
            Measured(name="calls", as_of=Instant(START), estimate=-0.5, looks=(look,)),
            Measured(name="costs", as_of=Instant(START)),
        ),
    }
    shown = counted(known(story(), **seen), FIRST, SECOND)
    assert row(shown, "acceptability").shown == "4.25 (20 people)"
    assert row(shown, "appropriateness").said == row(shown, "feasibility").said == "not measured"
    assert row(shown, "effectiveness: days").shown == "-0.5 (interval -0.9 to -0.1)"
    assert row(shown, "effectiveness: calls").shown == "nothing may be said yet"
    assert not [one for one in shown.re_aim if one.name == "effectiveness: costs"]


def test_a_revision_is_an_adaptation() -> None:
    made = story()
    made.say("revise", revision="c" * 64)
    assert row(counted(known(made), FIRST, SECOND), "implementation: adaptations").value == 1


def test_nobody_let_in_yet() -> None:
    made = Story(deploy=False, changes=ALONE)
    made.start_implement()
    made.write(Observed(now=made.now, looked_at=made.now))
    at = known(made)
    assert [ask.opened_at for ask in asked(at)] == [None, None]
    shown = adoption_of(at, [Adopted(wave=0, present=50), Adopted(wave=1, present=40)])
    assert shown is not None
    assert (shown.notes, shown.re_aim) == (("Nobody is let in yet.",), ())


def test_use_by_setting_has_no_times() -> None:
    changes = (
        ("target: 60%}", "target: 60%, level: setting, from: {csv: u.csv, columns: {setting: t, at: d, users: n}}}"),
        ("count: 3, ", "count: 1, "),
    )
    at = known(story(changes=changes))
    told = parts(("", "a", 30, 20), ("", "b", 20, 0))
    shown = adoption_of(
        at, [Adopted(wave=0, present=50, adopters=20, active=15, parts=told), Adopted(wave=1, present=40)]
    )
    assert shown is not None
    assert [wave.why_not for wave in shown.waves] == ["not known by person"] * 2
    assert shown.apart == ()
    assert shown.notes[0].startswith("Use is told by setting")
    assert row(shown, "adoption: settings").shown == "50% (1 of 2)"
    assert row(shown, "penetration").shown == "17% (15 of 90)"


def test_penetration_is_of_the_trained_where_a_plan_trains() -> None:
    changes = (("  look: 2s\n", "  look: 2s\n  train: {path: [basics], sessions: s.csv, invite: -1s}\n"),)
    shown = counted(known(story(changes=changes)), FIRST, SECOND)
    assert row(shown, "penetration").said == "not measured", "who of the trained uses it is not counted yet"


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_lines_keep_to_the_width(width: int) -> None:
    told = parts(("", "a", 30, 20), ("", "b", 20, 5), ("site", "n", 26, 20), ("site", "s", 24, 5))
    text = adoption_text(counted(known(story()), replace(FIRST, parts=told), SECOND), width=width)
    assert max(cells(line) for line in text.splitlines()) <= width
    assert text.endswith("\n")
    assert "not measured" in " ".join(text.split())
