"""Chapters 5 to 7: a bad release, a killed server, a missed training; in the form of the chapters before."""

from collections import Counter

import facts
import pack
import said
from rollout import start_bridge
from show import GATE_LIMIT_S, OPEN_LIMIT_S, RUN_LIMIT_S, STATUS_POLL_S, Show
from world import check, until

BROKEN_BEFORE_BOOKING_S = 6.0


def bad_release(show: Show) -> str:
    """5: a broken version near the next opening: the canary goes back, others never see it, the wave waits for it."""
    world = show.world
    asked_at = facts.now_ms()
    coming = next((wave for wave in said.waves(world) if wave.state == "planned" and wave.booked_at), None)
    command_ms = facts.now_ms() - asked_at  # a busy machine needs a longer run-up
    check(coming is not None, "no wave is left that could be booked")
    assert coming is not None
    start = (coming.booked_at or 0) - BROKEN_BEFORE_BOOKING_S * 1000 - 3 * command_ms
    show.wait_wave(coming.number - 1, ("adopted",), GATE_LIMIT_S)
    until(f"the booking of wave {coming.number} is near", lambda: facts.now_ms() >= start, OPEN_LIMIT_S)
    with facts.sampled(world.urls) as sampler:
        world.uptake("deploy", "plan.yaml", "--version", pack.BROKEN, "--yes", expect=4)
    failing = [site for site, seen in sampler.seen.items() if any(status == 500 for status, _ in seen)]
    check(len(failing) == 1, f"the broken version answered 500 at {failing}")
    canary = failing[0]
    for site, seen in sampler.seen.items():
        if site != canary:
            check(set(seen) == {(200, pack.GOOD)}, f"{site} showed {seen} while the canary failed")
    check(facts.answers(world.urls[canary]) == (200, pack.GOOD), "the canary did not go back")
    run = said.runs(world)[-1]
    check((run.version, run.state) == (pack.BROKEN, "rolled back"), f"the run is {run}")
    name = f"wave {coming.number}"
    show.wait_wave(coming.number, ("open", "adopting", "adopted"), OPEN_LIMIT_S)
    about = [d for d in said.decisions(world) if d.half == "implement" and d.ordinal == coming.number - 1]
    refused = next((d for d in about if d.verdict == "hold" and d.cites(f"run {run.number}", "500")), None)
    opened = next((d for d in about if d.state == "open"), None)
    check(refused is not None, f"no decision on {name} cites run {run.number} and its failing probe: {about}")
    assert refused is not None
    check(opened is not None and refused.seq < opened.seq, f"{name} did not wait: {about}")
    samples = sum(sum(seen.values()) for site, seen in sampler.seen.items() if site != canary)
    probe = next(words for words in refused.evidence if "500" in words)
    waited = f"{name} waited, citing run {run.number} and the {probe}"
    return f"{canary} went back, {samples} samples elsewhere show {pack.GOOD} only; {waited}"


def kill_the_server(show: Show) -> str:
    """6: kill -9 of server and bridge in the middle of a run; started again they go on, every step is done once."""
    world = show.world
    number = len(said.runs(world)) + 1
    before = facts.history(world)
    world.uptake("deploy", "plan.yaml", "--version", pack.NEXT, "--yes", "--detach")

    def midway() -> bool:
        return any(lines != before[site] for site, lines in facts.history(world).items())

    until("the run has begun on a host", midway, RUN_LIMIT_S)
    world.kill("serve")
    world.kill("bridge")
    cut = facts.history(world)
    check(not facts.is_up(show.address), "the server still answers")
    check(any(lines == before[site] for site, lines in cut.items()), "the run was over before the kill")
    show.serve()
    start_bridge(show)

    def finished() -> bool:
        world.alive()
        run = said.runs(world)[number - 1]
        check(run.state in {"running", "succeeded"}, f"after the kill the run is {run}")
        return run.state == "succeeded"

    until(f"run {number} goes on to its end", finished, RUN_LIMIT_S, STATUS_POLL_S)
    for site, lines in facts.history(world).items():
        new = lines[len(before[site]) :]
        check(new == [f"configure {pack.NEXT}", f"start {pack.NEXT}"], f"{site} did {new}")
        check(facts.answers(world.urls[site]) == (200, pack.NEXT), f"{site} answers {facts.answers(world.urls[site])}")
    return f"server and bridge killed in run {number}, they went on; each step of {pack.NEXT} ran once on each host"


def training(show: Show) -> str:
    """7: a wave stalls, for its training was missed; a rule orders a further session, and afterwards adoption rises."""
    world = show.world
    stalled = until("a wave that missed its session", lambda: missed_by(show), RUN_LIMIT_S, STATUS_POLL_S)
    number = show.wave_of[stalled[0]]
    show.wait_wave(number, ("adopted",), RUN_LIMIT_S)
    about = [d for d in said.decisions(world) if d.half == "implement" and d.ordinal == number - 1]
    held = next((d for d in about if d.state == "held" and d.evidence), None)
    more = next((d for d in about if "further session" in d.why or "train_more" in d.line), None)
    passed = next((d for d in about if d.state == "adopted"), None)
    check(
        held is not None and more is not None and passed is not None, f"wave {number} did not stall and go on: {about}"
    )
    assert held is not None
    assert more is not None
    assert passed is not None
    check(max(held.seq, more.seq) < passed.seq, f"the order is wrong: {about}")
    came = {line["who"]: line["at"] for line in facts.school(world) if line["did"] == "attended"}
    third = [deed for deed in facts.diary(world) if deed.did == "issue" and show.wave_of[deed.who] == number]
    counts, before = (
        Counter(deed.who for deed in third),
        Counter(deed.who for deed in third if deed.at < came.get(deed.who, 0)),
    )
    changed = {who for who, issues in counts.items() if issues >= said.COUNT}
    check(changed <= set(came), f"somebody changed without a session: {changed - set(came)}")
    check(all(before[who] < said.COUNT for who in changed), "somebody had changed before the session")
    later = said.figure(world, "user training")
    return (
        f"wave {number} missed its session: {'; '.join(held.evidence)}; a further one was ordered, and afterwards: "
        f"{'; '.join(passed.evidence)}; those who changed are {len(changed)} of the {len(stalled)} who came. {later}"
    )


def missed_by(show: Show) -> list[str]:
    """Who missed a session, once everybody of them is known to be of one wave that is open."""
    return [line["who"] for line in facts.school(show.world) if line["did"] == "missed"]
