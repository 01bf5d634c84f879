"""Random lives of a plan: figures never fail, and never say deployed or in use before the definitions hold.

The definitions are read here from the ledger's entries anew, not with the report's own functions.
"""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.report.story import HOSTS, WAVES, Story
from uptake.core.action import Close, Open, RunStep
from uptake.core.entry import Asked, Decided, Done, Failed, Said
from uptake.report.because import reasons, reasons_text
from uptake.report.board import Board
from uptake.report.html import report_html
from uptake.report.plain import board_json
from uptake.report.status import status_text
from uptake.report.table import compare_text

MIN_HEALTHY_MS = 2_000
TARGET = 0.6

ACTS = st.one_of(
    st.tuples(st.just("deploy"), st.sampled_from(["2.6.0", "2.7.0", "2.8.0"])),
    st.tuples(st.just("implement")),
    st.tuples(st.just("sees"), st.sampled_from(["healthy", "unhealthy", "unknown"]), st.sampled_from(["", *HOSTS])),
    st.tuples(st.just("adopted"), st.integers(0, 50), st.integers(0, 40), st.integers(0, 3)),
    st.tuples(st.just("ticks"), st.integers(1, 3)),
    st.tuples(st.just("end"), st.sampled_from(["", "", "", *HOSTS])),
    st.tuples(st.just("settle"), st.sampled_from(["", "", "", *HOSTS])),
    st.tuples(st.just("later"), st.sampled_from([0.5, 3, 15, 30, 200])),
    st.tuples(st.just("hold"), st.sampled_from(["", "deploy", "implement"])),
    st.tuples(st.just("resume"), st.sampled_from(["", "deploy", "implement"])),
    st.tuples(st.just("approve")),
    st.tuples(st.just("cut")),
)


def perform(story: Story, act: tuple) -> None:
    match act:
        case ("deploy", version):
            story.start_deploy(version)
        case ("implement",) if story.picture.drawn is None:
            story.start_implement()
        case ("sees", state, name):
            story.sees(state, *([name] if name else ()))
        case ("adopted", first, second, early):
            story.adopted(first, second, early=early)
        case ("ticks", number):
            for _ in range(number):
                story.tick()
        case ("end", failing):
            story.end(failing=failing)
        case ("settle", failing):
            story.settle(failing=failing)
        case ("cut",):
            story.cut()
        case ("later", seconds):
            story.later(seconds)
        case (word, *rest):
            speak(story, word, *rest)


def speak(story: Story, word: str, half: str = "") -> None:
    if word in ("hold", "resume"):
        story.say(word, half)
    elif word == "approve" and story.picture.questions:
        story.say(word, question=next(iter(story.picture.questions)))


def versions_on(story: Story) -> dict[str, str]:
    """The version whose two configuration steps ended last on each host."""
    asked, ended, on = {}, {}, {}
    for entry in story.entries:
        match entry.body:
            case Asked(action=RunStep(part="configuration") as action):
                asked[action.key] = action
            case Done(outcome=outcome) | Failed(outcome=outcome) if outcome.key in asked:
                action = asked[outcome.key]
                bad = {failure.target for failure in outcome.failures}
                for name in set(action.hosts) - bad:
                    ended.setdefault((name, action.stage), set()).add(action.item)
                    if len(ended[name, action.stage]) == 2:
                        on[name] = action.version
                on |= dict.fromkeys(bad, "")
            case _:
                pass
    return on


def changed_at(story: Story) -> dict[str, int]:
    """When the last step that changes a host ended there."""
    asked = {}
    changed: dict[str, int] = {}
    for entry in story.entries:
        match entry.body:
            case Asked(action=RunStep() as action) if action.part != "tests":
                asked[action.key] = action
            case Done(outcome=outcome) | Failed(outcome=outcome) if outcome.key in asked:
                changed |= dict.fromkeys(asked[outcome.key].hosts, entry.at)
            case _:
                pass
    return changed


def latest_run(story: Story) -> tuple[str, str, set[str]]:
    """The latest run's version, its last state word, and the hosts excluded from it."""
    version, state, excluded, number = "", "", set(), 0
    for entry in story.entries:
        match entry.body:
            case Said(what="start", half="deploy", data=data):
                version, state, excluded, number = str(data["version"]), "", set(), number + 1
            case Decided(decisions=decisions):
                for decision in decisions:
                    if decision.stage.half == "deploy" and decision.stage.run == number:
                        excluded |= set(decision.targets)
                        state = decision.state if decision.stage.ordinal == -1 else state
            case _:
                pass
    return version, state, excluded


def deployed_by_definition(story: Story) -> bool:
    """The latest run succeeded; every host not excluded is on its version and not known to be less than healthy."""
    version, state, excluded = latest_run(story)
    on, changed = versions_on(story), changed_at(story)
    seen = {host.name: host for host in story.picture.observed.hosts}
    for name in set(HOSTS) - excluded:
        host = seen.get(name)
        if on.get(name) != version or host is None or host.state == "unhealthy":
            return False
        if host.state == "healthy" and story.now - max(host.since, changed.get(name, 0)) < MIN_HEALTHY_MS:
            return False
    return state == "succeeded"


def in_use_by_definition(story: Story) -> bool:
    """Every wave but the holdout is open, and at the last look adoption was at target."""
    exposed: set[int] = set()
    for entry in story.entries:
        match entry.body:
            case Asked(action=Open(stage=stage)):
                exposed.add(stage.ordinal)
            case Asked(action=Close(stage=stage)):
                exposed.discard(stage.ordinal)
            case _:
                pass
    inside = [wave for wave in WAVES if not wave.holdout]
    counts = [answer for answer in story.picture.observed.waves if answer.wave in {wave.ordinal for wave in inside}]
    adopters, present = sum(a.adopters for a in counts), sum(a.present for a in counts)
    return exposed == {wave.ordinal for wave in inside} and bool(present) and adopters >= TARGET * present - 1e-9


def is_honest(story: Story, board: Board) -> None:
    says_deployed = "Deployed on" in board.verdict
    assert says_deployed == (board.states["deploy"] == "deployed")
    assert not says_deployed or deployed_by_definition(story)
    says_in_use = "In use" in board.verdict
    assert says_in_use == (board.states["implement"] == "in use")
    assert not says_in_use or in_use_by_definition(story)
    assert "implemented" not in board.verdict.lower()
    for figure in board.figures:
        assert not figure.value.startswith("deployed") or says_deployed
        assert not figure.value.startswith("in use") or says_in_use
        assert (figure.sure == "not measured") == (not figure.value) == (not figure.source)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    acts=st.lists(ACTS, min_size=1, max_size=25),
    on_failure=st.sampled_from(["rollback", "hold", "exclude"]),
    ready=st.booleans(),
)
def test_figures_are_honest_whatever_happens(acts, on_failure, ready):
    story = Story(changes=(("on_failure: rollback", f"on_failure: {on_failure}"),))
    if ready:
        story.deploy()
        story.start_implement()
    for act in acts:
        perform(story, act)
        is_honest(story, story.board())
    board = story.board()
    assert report_html(board)
    assert board_json(board)["schema"] == 1
    for width in (40, 100):
        assert compare_text(board, width=width)
        assert status_text(board, width=width)
    assert reasons_text(reasons(story.read, story.picture, "all"))
