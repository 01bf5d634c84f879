"""Chapters 1 to 4: the plan is checked, deployed, announced, and people use what they are let into.

A chapter does its part with the real programs and checks the facts for itself: it returns one line that says what was
seen and raises NotSo where a fact does not hold. What Uptake says comes from its command line (said.py), what is so
from facts.py. Waits end with what they wait for, each has a limit.
"""

from collections import Counter

import facts
import pack
import people
import said
from show import GATE_LIMIT_S, OPEN_LIMIT_S, SERVE_LIMIT_S, STATUS_POLL_S, Show
from world import HERE, check, until

WAVES = 4
REHEARSAL_SEED = "1"
FIRST_VISITS_LIMIT_S = 20.0
MAIL_LIMIT_S = 120.0


def check_and_rehearse(show: Show) -> str:
    """1: the plan is checked, a mistake in it is found at its place, and the rehearsal is the same twice."""
    world = show.world
    world.uptake("check", "plan.yaml")
    wrong = world.work / "wrong.yaml"
    wrong.write_text(world.plan.read_text().replace("max_parallel:", "max_paralel:"))
    told = world.uptake("check", "wrong.yaml", expect=2)
    line = next(i for i, text in enumerate(wrong.read_text().splitlines(), 1) if "max_paralel" in text)
    check(f"wrong.yaml:{line}:5" in told and "max_parallel" in told, f"the mistake at line {line} is not told: {told}")
    wrong.unlink()
    once, twice = (world.uptake("rehearse", "plan.yaml", "--seed", REHEARSAL_SEED, "--json") for _ in range(2))
    check(once == twice, "two rehearsals with one seed differ")
    check(said.rehearsed_waves(once) == WAVES, f"the rehearsal does not open {WAVES} waves")
    return (
        f"a mistake is found at line {line}; two rehearsals of seed {REHEARSAL_SEED} are the same, {WAVES} waves open"
    )


def deploy(show: Show) -> str:
    """2: the good version goes to three hosts, one per site, and Roundup answers on each."""
    world = show.world
    world.uptake("deploy", "plan.yaml", "--yes")
    for site, url in world.urls.items():
        check(facts.answers(url) == (200, pack.GOOD), f"{site} answers {facts.answers(url)}")
    expected = [f"initialise {pack.GOOD}", f"configure {pack.GOOD}", f"start {pack.GOOD}"]
    for site, lines in facts.history(world).items():
        check(lines == expected, f"{site} did {lines}, not {expected}")
    run = said.runs(world)[-1]
    check((run.version, run.state) == (pack.GOOD, "succeeded"), f"the run is {run}")
    check(not said.unhealthy(world), f"not healthy: {said.unhealthy(world)}")
    return f"Roundup {pack.GOOD} answers at {', '.join(world.urls)}; each of its steps ran once on each host"


def draw_and_announce(show: Show) -> str:
    """3: four waves are drawn from whole teams, one of every site, and the first one's mail arrives by SMTP."""
    world = show.world
    tokens = {role: world.secret_file(f"{role}.token", said.token(world, role)) for role in ("intake", "flags")}
    show.flags_token = tokens["flags"].read_text()
    show.serve()
    start_bridge(show)
    start_driver(show)
    world.start("school", said.PYTHON, str(HERE / "school.py"), str(world.work))
    until("everybody tried and wrote", lambda: everybody_tried(show), FIRST_VISITS_LIMIT_S)
    world.uptake("implement", "plan.yaml", "--yes", "--detach")
    until("the draw", lambda: len(said.who(world)) == len(show.everybody), SERVE_LIMIT_S, STATUS_POLL_S)
    show.wave_of = {person.employee_id: person.wave for person in said.who(world)}
    teams_of_waves(show)
    first = show.in_wave(1)
    wanted = {"The new help desk is coming", "The new help desk is open to you"}
    until(
        "mail to wave 1",
        lambda: all(wanted <= set(facts.subjects(world, p.email)) for p in first),
        MAIL_LIMIT_S,
    )
    later = [person for person in show.everybody if person not in first]
    too_early = [p.name for p in later if "The new help desk is open to you" in facts.subjects(world, p.email)]
    check(not too_early, f"told too early: {too_early}")
    mails = 2 * len(first)
    return f"{len(show.everybody)} people in {WAVES} waves of three teams, one of every site; {mails} mails arrived"


def start_bridge(show: Show) -> None:
    """Starts the bridge as a process of its own; what it has read stands in the work folder."""
    world, secrets = show.world, show.world.work / "secrets"
    files = {"--token": secrets / "intake.token", "--admin": secrets / "admin.pw"}
    files |= {"--sites": world.work / "sites.json", "--people": world.work / "people.csv", "--folder": world.work}
    options = [part for option, path in files.items() for part in (option, str(path))]
    world.start("bridge", said.PYTHON, str(HERE / "bridge.py"), "--intake", f"{show.address}/events", *options)


def start_driver(show: Show) -> None:
    """Starts the driver as a process of its own."""
    world, token = show.world, show.world.work / "secrets/flags.token"
    options = ["--flags", show.address, "--token", str(token), "--smtp-port", str(world.smtp_port)]
    options += [] if show.effect else ["--no-effect"]
    world.start("driver", said.PYTHON, str(HERE / "driver.py"), str(world.work), *options)


def everybody_tried(show: Show) -> bool:
    """Whether every person was refused once and wrote a mail, all before any wave was drawn."""
    show.world.alive()
    refused, wrote = facts.who_did(show.world, "refused"), facts.who_did(show.world, "mail")
    return all(refused[p.employee_id] and wrote[p.employee_id] for p in show.everybody)


def teams_of_waves(show: Show) -> None:
    """Every wave has three whole teams, one of every site."""
    waves = range(1, WAVES + 1)
    check(set(show.wave_of.values()) == set(waves), f"waves are {sorted(set(show.wave_of.values()))}")
    for number in waves:
        teams = Counter((person.site, person.team) for person in show.in_wave(number))
        check(sorted(site for site, _ in teams) == sorted(people.SITES), f"wave {number} has the teams {sorted(teams)}")
        check(set(teams.values()) == {people.TEAM_SIZE}, f"wave {number} splits a team: {teams}")


def people_use_it(show: Show) -> str:
    """4: people use what they are let into, and nothing else; the gate of the first wave passes, the second opens."""
    world = show.world
    show.wait_wave(1, ("adopted",), GATE_LIMIT_S)
    show.wait_wave(2, ("open", "adopting", "adopted"), OPEN_LIMIT_S)
    let_in = show.in_wave(1) + show.in_wave(2)
    until("access for wave 2", lambda: all(facts.may_log_in(world, p) for p in show.in_wave(2)), OPEN_LIMIT_S)
    sent = facts.sent_where(show.address, show.flags_token, show.everybody)
    check({who for who, to in sent.items() if to} == {p.employee_id for p in let_in}, "OFREP sends others than let in")
    shut_out = [person for person in show.everybody if person not in let_in]
    check(not any(facts.may_log_in(world, p) for p in shut_out), "somebody may log in before her wave")
    check(not facts.who_did(world, "let in too early"), "somebody was let in before her wave")
    issues = facts.issues_by_person(world)
    check(not any(issues[p.employee_id] for p in shut_out), "an issue of somebody outside")
    firsts = [d for d in said.decisions(world) if d.half == "implement" and d.ordinal == 0]
    gate = next((d for d in firsts if d.state == "adopted"), None)
    check(gate is not None and gate.evidence, f"the gate of wave 1 shows no numbers: {firsts}")
    assert gate is not None
    used = sum(1 for person in show.in_wave(1) if issues[person.employee_id])
    others = f"the {len(shut_out)} of waves 3 and 4 are refused, as OFREP says"
    return f"gate 1: {'; '.join(gate.evidence)}; {used} of {len(show.in_wave(1))} used it, wave 2 is let in, {others}"
