"""What came after an adjustment is told as afterwards, without small groups; change tickets stand beside decisions."""

from tests.ringtest import PLAN, World
from uptake.report.because import Because, reasons, reasons_json, reasons_text
from uptake.report.figures import figures
from uptake.report.history import History, followed

DAY = 86_400
RULE = PLAN.replace(
    "notify:", "  adjust: [{when: {measure: adoption, below: 50%, at: +12h}, do: notify, text: Look}]\nnotify:"
)


def story(people: int = 20, text: str = RULE) -> World:
    world = World(text, people=people)
    world.deployed()
    world.start_implement()
    world.turn()
    world.counts.adopters = {0: people // 4}
    for adopters in (people // 4, people // 2, people // 2, people // 2 + 1):
        world.turn(seconds=DAY / 2)
        world.counts.adopters = {0: adopters}
    world.turn(seconds=DAY)
    return world


def found(world: World, which: str) -> list[Because]:
    history = followed(History(), world.ledger.read())
    return list(reasons(world.read, world.picture, which, history=history))


def test_adoption_at_the_looks_after_a_rule_spoke() -> None:
    world = story()
    (one,) = [one for one in found(world, "wave-1") if one.decided.rule == "implement.adjust.0"]
    assert [words.rpartition("adoption ")[2] for words in one.afterwards] == [
        "5 of 20 = 25%",
        "10 of 20 = 50%",
        "11 of 20 = 55%",
    ]
    text = reasons_text([one])
    assert "  after 17 Jan 2027" in text
    assert "helped" not in text
    assert reasons_json([one])["decisions"][0]["afterwards"] == list(one.afterwards)


def test_small_groups_are_not_told() -> None:
    world = story(people=4)
    (one,) = [one for one in found(world, "wave-1") if one.decided.rule == "implement.adjust.0"]
    assert all(words.endswith("adoption of too few people to show") for words in one.afterwards)


def test_the_plan_says_what_a_small_group_is() -> None:
    world = story(text=RULE.replace("  adjust:", "  privacy: {min_group: 21}\n  adjust:"))
    (one,) = [one for one in found(world, "wave-1") if one.decided.rule == "implement.adjust.0"]
    assert all(words.endswith("adoption of too few people to show") for words in one.afterwards)
    board = figures(world.read, world.picture, now=world.clock.now())
    assert board.min_group == 21
    assert (board.waves[0].small, board.waves[0].share) == (True, None)


def test_who_overruled_and_under_which_ticket() -> None:
    world = story()
    world.say("overrule", stage={"half": "implement", "run": 1, "ordinal": 0}, rule="implement.adjust.0")
    world.say("hold", "implement", ticket="CHG0012345")
    world.turn()
    (one,) = [one for one in found(world, "wave-1") if one.decided.rule == "implement.adjust.0"]
    assert "overruled by test" in one.afterwards[-1]
    (held,) = [one for one in found(world, "wave-2") if "held by test" in one.decided.why]
    assert [words.partition(" (")[0] for words in held.tickets] == ["CHG0012345"]
    assert "ticket CHG0012345 (hold by test, entry" in reasons_text([held])
