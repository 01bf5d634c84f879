"""Chapters 8 to 10: answers and an effect, both halves side by side, the record; in the form of those before."""

import json
import re
from collections import Counter
from typing import Any

import facts
import said
from driver import MINUTES, NO_EFFECT
from show import GATE_LIMIT_S, OPEN_LIMIT_S, RUN_LIMIT_S, STATUS_POLL_S, Show
from world import World, check, until

END_LIMIT_S = 40.0
SMALLEST_GROUP = 5
ROUNDED = 0.05
"""Scores are told to three digits."""
FEEDBACK = re.compile(r"(\d+) of \d+ people answered; score (\d+(?:\.\d+)?) of 100")
NOT_SHOWN = ("undecided", "not achieved")


def answers_and_effect(show: Show) -> str:
    """8: answers to the survey are counted and none is told of few; what the looks show stands beside the truth."""
    world = show.world
    feedback = until("surveys are answered and told", lambda: told_answers(show), RUN_LIMIT_S, STATUS_POLL_S)
    effect = until("the last look was made", lambda: looked(world), RUN_LIMIT_S, STATUS_POLL_S)
    minutes = MINUTES if show.effect else NO_EFFECT
    truth, low, high = minutes["issue"] - minutes["mail"], effect["low"], effect["high"]
    check(effect["finding"] in (("achieved",) if show.effect else NOT_SHOWN), f"the finding is {effect['finding']}")
    spare = (high - low) / 2  # a 95% interval misses the truth once in twenty times; twice as wide, it hardly ever does
    check(low - spare <= truth <= high + spare, f"the true effect {truth:g} lies far from {low:g} to {high:g}")
    held = "inside" if low <= truth <= high else "outside"
    count = len(effect["looks"])
    looks = f"{effect['finding']} after {count} look{'' if count == 1 else 's'}"
    told = f"{effect['estimate']:.3g} ({low:.3g} to {high:.3g}); the truth, {truth:g}, lies {held}"
    return f"{feedback}; minutes to an answer, {looks}: {told}"


def told_answers(show: Show) -> str:
    """What is told of the survey, once at most the last few answers of each wave wait for company; empty before.

    Answers are told in batches of at least SMALLEST_GROUP, so some may wait, and the score lies where any of them
    could be the ones that wait.
    """
    answered = [line for line in facts.school(show.world) if line["did"] == "answered"]
    told = said.figure(show.world, "regular feedback")
    found = FEEDBACK.search(told)
    waves = {show.wave_of[str(line["who"])] for line in answered}
    if found is None:
        return ""
    count, score = int(found[1]), float(found[2])
    if not len(answered) - (SMALLEST_GROUP - 1) * len(waves) <= count <= len(answered):
        return ""  # some are on their way: between the diary and the figure, or the other way round
    scores = sorted((6 + (7 if line["trained"] else 4) - 2) * 100 / 12 for line in answered)
    check(count >= SMALLEST_GROUP, f"{len(scores)} people answered, and it says {told}")
    lowest, highest = sum(scores[:count]) / count, sum(scores[-count:]) / count
    check(lowest - ROUNDED <= score <= highest + ROUNDED, f"the score lies in {lowest} to {highest}: {told}")
    return told


def looked(world: World) -> dict[str, Any] | None:
    """What the looks show, once the last one was made."""
    told = json.loads(world.uptake("effect", "plan.yaml", "--json"))["effects"]
    return told[0] if told and told[0]["ended"] and told[0]["low"] is not None else None


def in_use(show: Show) -> str:
    """9: implemented, or in use where there is no effect; the two halves stand side by side, printed and as HTML."""
    world = show.world
    show.wait_wave(4, ("adopted",), OPEN_LIMIT_S + GATE_LIMIT_S)
    end = "implemented" if show.effect else "in use"
    states = until(end, lambda: both_ends(world, end), GATE_LIMIT_S, STATUS_POLL_S)
    verdict = said.status(world)["verdict"]
    check(show.effect or "Effect not shown" in verdict, f"the verdict says otherwise: {verdict}")
    printed = world.uptake("compare", "plan.yaml")
    check(said.in_order(printed), "the printed comparison lacks a row")
    world.uptake("compare", "plan.yaml", "--html", "compare.html")
    html = (world.work / "compare.html").read_text()
    served = facts.page(show.address)
    world.uptake("report", "plan.yaml", "--out", "report.html")
    shot = facts.screenshots(show.address, world.work)
    for phrase in said.PHRASES:
        check(said.holds(html, phrase), f"the HTML comparison lacks `{phrase}`")
        check(said.holds(served, phrase), f"the page lacks `{phrase}`")
    print(printed, flush=True)
    picture = f", its picture in {world.work / 'page.png'}" if shot else "; no browser here, so no picture of it"
    return f"{' and '.join(states)}; side by side above, in {world.work / 'report.html'} and on the page{picture}"


def both_ends(world: World, end: str) -> list[str]:
    """The end states of both halves once they are reached."""
    states = said.status(world)["states"]
    found = [states["deploy"], states["implement"]]
    return found if found == ["deployed", end] else []


def verify_and_replay(show: Show) -> str:
    """10: the chain verifies, a replay differs nowhere, and what people did is what was measured, one by one."""
    world = show.world
    until("what was done was measured", lambda: not differences(show), END_LIMIT_S, STATUS_POLL_S)
    world.stop("driver")
    different = differences(show)
    check(not different, f"driver and Uptake differ: {different[:5]}")
    check(not said.failed_checks(world), f"verify finds {said.failed_checks(world)}")
    check(said.replay_differences(world) == 0, "the replay differs")
    planted = [(world.work / "secrets" / name).read_text().strip() for name in said.SECRET_FILES]
    assert world.secrecy is not None
    check(not world.secrecy.seen, f"a secret stood in the arguments of {world.secrecy.seen}")
    leaked = [name for name in facts.files_with(world.work, planted) if not name.startswith("fleet/")]
    check(not leaked, f"a secret stands in {leaked}")
    deeds = Counter(deed.did for deed in facts.diary(world))
    what = f"{deeds['issue']} issues and {deeds['mail']} mails by {len(show.everybody)} people, one by one"
    return f"0 differences in the replay; what was done is what was measured: {what}"


def differences(show: Show) -> list[str]:
    """Where a person's deeds, the trackers and what Uptake measured are not the same."""
    world = show.world
    issues, mails = facts.who_did(world, "issue"), facts.who_did(world, "mail")
    opened, filed = facts.issues_by_person(world), facts.mails_by_person(world)
    found = []
    for person in said.who(world):
        who = person.employee_id
        did = (issues[who], issues[who] >= said.COUNT, mails[who], show.wave_of[who])
        measured = (person.uses, person.adopter, person.replaced, person.wave)
        if did != measured or (opened[who], filed[who]) != (issues[who], mails[who]):
            found.append(f"{who}: did {did}, left {(opened[who], filed[who])}, measured {measured}")
    return found
