"""What a run does beside its steps: hooks around each host, a canary that waits, an analysis, what runs once."""

import pytest

from tests.ringtest import PLAN, World
from uptake.core.action import Failure, Outcome, RunStep
from uptake.deploy.targets import whole_run
from uptake.loop.replay import replay

HOOKS = PLAN.replace(
    "    on_failure: rollback",
    "    before_host: [{command: [out]}]\n    after_host: [{command: [in]}]\n    on_failure: rollback",
)
ANALYSIS = PLAN.replace(
    "    on_failure: rollback",
    '    analysis: {metrics: [{name: errors, command: [errors], success: "< 1%"}], interval: 10s, count: 3}\n'
    "    on_failure: rollback",
)


def parts(world: World, run: int) -> list[tuple[int, str, tuple[str, ...]]]:
    return [
        (a.stage.ordinal, a.part, a.hosts)
        for a in world.hosts.accepted
        if isinstance(a, RunStep) and a.stage.run == run and a.item == 0
    ]


def go_on(world: World, turns: int = 8) -> None:
    for _ in range(turns):
        world.turn(seconds=11)


def measured(state: str) -> Outcome:
    """An analysis as its port tells it."""
    bad = (
        () if state == "success" else (Failure(target="errors", state=state, lines=("errors: 0.07", "measured 0.07")),)
    )
    return Outcome(key="", ok=state == "success", counts={state: 1}, failures=bad, lines=("errors: 0.001",))  # type: ignore[arg-type]


def test_hosts_leave_before_their_steps_and_come_back_after_the_tests() -> None:
    world = World(HOOKS)
    world.deployed()
    assert parts(world, 1)[:4] == [
        (0, "before_host", ("h1",)),
        (0, "configuration", ("h1",)),
        (0, "tests", ("h1",)),
        (0, "after_host", ("h1",)),
    ]
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_the_way_back_goes_around_the_hosts_too() -> None:
    world = World(HOOKS)
    world.deployed()
    world.hosts.failing_parts = {("2", "tests"): ("h1",)}
    world.start_deploy("2")
    world.turn()
    go_on(world)
    assert world.state(-1) == "rolled back"
    back = [(part, hosts) for ordinal, part, hosts in parts(world, 2) if ordinal >= 1000]
    assert back == [("before_host", ("h1",)), ("configuration", ("h1",)), ("after_host", ("h1",))]


def test_a_host_that_cannot_be_drained_is_taken_back_all_the_same() -> None:
    world = World(HOOKS)
    world.deployed()
    world.hosts.failing_parts = {("2", "tests"): ("h1",), ("1", "before_host"): ("h1",)}
    world.start_deploy("2")
    world.turn()
    go_on(world)
    assert world.state(-1) == "rolled back"


def test_a_host_that_cannot_be_put_back_is_named() -> None:
    world = World(HOOKS)
    world.deployed()
    world.hosts.failing_parts = {("2", "tests"): ("h1",), ("1", "after_host"): ("h1",)}
    world.start_deploy("2")
    world.turn()
    go_on(world)
    assert world.state(-1) == "failed"
    assert "could not be taken back to 1 on h1" in world.picture.last[whole_run(2)].why


def test_a_canary_waits_for_a_person() -> None:
    world = World(PLAN.replace("    canary: 1", "    canary: 1\n    auto_promote: false"))
    world.all_healthy()
    world.start_deploy()
    go_on(world)
    assert world.state(-1) == "held"
    assert list(world.picture.questions) == ["canary-run-1"]
    assert {hosts for _, _, hosts in parts(world, 1)} == {("h1",)}
    world.say("approve", question="canary-run-1")
    go_on(world)
    assert world.state(-1) == "succeeded"


def test_an_analysis_that_is_well_is_evidence() -> None:
    world = World(ANALYSIS)
    world.hosts.analyses = [measured("success"), measured("success")]
    world.deployed()
    assert [part for _, part, _ in parts(world, 1)].count("analysis") == 2
    passed = [n.decision for n in world.picture.decisions if n.decision.state == "healthy"]
    assert all(any(e.seen == "errors: 0.001" for e in decision.evidence) for decision in passed)


@pytest.mark.parametrize("on_failure", ["rollback", "exclude"])
def test_an_analysis_that_fails_takes_the_version_back(on_failure: str) -> None:
    world = World(ANALYSIS.replace("on_failure: rollback", f"on_failure: {on_failure}"))
    world.hosts.analyses = [measured("success"), measured("success"), measured("failure")]
    world.deployed()
    world.start_deploy("2")
    go_on(world)
    assert world.state(-1) == "rolled back"
    assert not world.picture.runs[1].excluded
    assert "the analysis found errors failing" in "".join(n.decision.why for n in world.picture.decisions)
    assert world.picture.stage(whole_run(1)).state == "succeeded"


def test_an_inconclusive_analysis_is_for_a_person_to_judge() -> None:
    world = World(ANALYSIS)
    world.hosts.analyses = [measured("inconclusive"), measured("success")]
    world.all_healthy()
    world.start_deploy()
    go_on(world)
    assert world.state(-1) == "held"
    assert list(world.picture.questions) == ["run-1-batch-1"]
    world.say("approve", question="run-1-batch-1")
    go_on(world)
    assert world.state(-1) == "succeeded"


def test_an_analysis_may_take_its_own_time_before_progress_is_missed() -> None:
    """Three measurements, 10 s apart and of 10 s each, and then the progress deadline of 10 minutes."""
    world = World(ANALYSIS)
    world.all_healthy()
    world.start_deploy()
    world.hosts.silent_parts = {"analysis"}
    go_on(world, 2)
    assert parts(world, 1)[-1][1] == "analysis"
    world.turn(seconds=610)
    assert world.state(-1) == "running"
    world.turn(seconds=60)
    assert world.state(-1) == "failed"


def test_too_many_bad_hosts_turn_exclusion_into_a_roll_back() -> None:
    plan = PLAN.replace("on_failure: rollback", "on_failure: exclude\n    max_fail_percentage: 40%")
    world = World(plan)
    world.deployed()
    world.hosts.failing = {"2": ("h1",)}
    world.start_deploy("2")
    go_on(world)
    assert world.state(-1) == "succeeded"
    assert world.picture.runs[1].excluded == {"h1"}
    world.hosts.failing = {"3": ("h2", "h3")}
    world.start_deploy("3")
    go_on(world)
    assert world.state(-1) == "rolled back"
    assert "more than 40% of the hosts would be excluded" in "".join(n.decision.why for n in world.picture.decisions)


ONCE = PLAN.replace(
    '    - shell: "install {version}"\n',
    '    - shell: "migrate"\n      run_once: true\n    - shell: "install {version}"\n',
)


def test_a_step_that_runs_once_is_on_one_host_of_the_run() -> None:
    world = World(ONCE)
    world.deployed()
    assert [hosts for _, part, hosts in parts(world, 1) if part == "configuration"] == [("h1",)]


def test_a_step_that_runs_once_is_not_done_again_on_the_way_back() -> None:
    world = World(ONCE)
    world.deployed()
    world.hosts.failing_parts = {("2", "tests"): ("h1", "h2")}
    world.start_deploy("2")
    go_on(world)
    assert world.state(-1) == "rolled back"
    assert [ordinal for ordinal, part, _ in parts(world, 2) if part == "configuration"] == [0]


def test_a_step_that_runs_once_and_fails_holds_where_hosts_would_be_excluded() -> None:
    world = World(ONCE.replace("on_failure: rollback", "on_failure: exclude"))
    world.all_healthy()
    world.hosts.failing = {"1": ("h1",)}
    world.start_deploy()
    world.turn()
    assert world.state(-1) == "held"
    assert not world.picture.runs[0].excluded
    world.hosts.failing = {}
    world.say("approve", question="run-1-batch-1")
    go_on(world)
    assert world.state(-1) == "succeeded"
