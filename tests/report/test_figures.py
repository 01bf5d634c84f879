"""The board over a plan's life: what each screen is told, word by word, and what it must never say."""

import re
from pathlib import Path

import pytest

from tests.report.story import HOSTS, Story
from uptake.core.action import Failure, Outcome
from uptake.core.entry import Failed
from uptake.core.time import Instant
from uptake.core.words import moment
from uptake.implement.targets import wave_stage
from uptake.report.board import Board, Figure
from uptake.report.comparison import COMPARISON
from uptake.report.figures import figures

WAVE_WORDS = {"planned", "training", "open", "adopting", "adopted", "held", "rolled back"}
HOST_WORDS = {"pending", "running", "healthy", "unhealthy", "unreachable", "excluded", "rolled back", "in doubt"}


def figure(board: Board, phrase: str) -> Figure:
    return next(each for each in board.figures if each.phrase == phrase)


def value(board: Board, phrase: str) -> str:
    return figure(board, phrase).value


def hosts(board: Board) -> list[tuple[str, str, str]]:
    return [(host.name, host.state, host.version) for host in board.hosts]


def states(board: Board) -> list[str]:
    return [wave.state for wave in board.waves]


@pytest.fixture
def open_wave() -> Story:
    """Deployed, and the first wave open with ten adopters of fifty."""
    story = Story()
    story.deploy()
    story.start_implement()
    story.settle()
    story.adopted(10)
    story.later(3)
    story.settle()
    return story


def test_nothing_started():
    board = Story().board()
    assert board.verdict == "Nothing has been deployed yet. Nobody has been let in yet."
    assert (board.hosts, board.waves, board.decisions, board.problems) == ((), (), (), ())
    assert board.next_due == "Deploy it: uptake deploy plan.yaml"
    assert board.states == {"deploy": "not begun", "implement": "not begun"}
    assert value(board, "testing functionality") == "1 test a host, not begun"
    assert figure(board, "testing functionality").source == "plan.yaml:16"


def test_every_phrase_stands_there_in_order():
    board = Story().board()
    for half, column in (("deploy", 1), ("implement", 2)):
        wanted = [(row[0], phrase) for row in COMPARISON for phrase in row[column]]
        assert [(f.row, f.phrase) for f in board.figures if f.half == half] == wanted


def test_what_nothing_stands_behind_is_not_measured(open_wave):
    board = open_wave.board()
    bare = {f.phrase for f in board.figures if f.sure == "not measured"}
    assert bare == {
        "training users",
        "the desired outcomes achieved",
        "resistance to change",
        "lack of user buy-in",
        "clear communication",
        "user training",
        "ongoing support",
        "regular feedback",
    }
    for each in board.figures:
        assert (each.sure == "not measured") == (each.source == "") == (each.value == "")
        assert not each.source or re.fullmatch(r"entry \d+|plan\.yaml:\d+", each.source)


def test_every_source_exists(open_wave):
    lines = len(open_wave.read.text.splitlines())
    for each in open_wave.board().figures:
        if each.source.startswith("entry"):
            assert 1 <= int(each.source.removeprefix("entry ")) <= open_wave.picture.seq
        elif each.source:
            assert 1 <= int(each.source.partition(":")[2]) <= lines


def test_the_first_batch_is_running():
    story = Story()
    story.start_deploy()
    story.tick()
    story.later(2)
    story.end()
    story.tick()
    board = story.board()
    assert board.verdict.startswith("Being deployed: run 1 of 2.6.0, 0 of 3 hosts healthy.")
    assert hosts(board) == [("north", "running", "2.6.0 begun"), ("south", "pending", ""), ("west", "pending", "")]
    assert value(board, "time-sensitive: up quickly and smoothly") == "1 of 12 host-steps, 2 s so far"
    assert not [f for f in board.figures if f.phrase == "ETA"]
    assert board.hosts[0].detail == "configuration 1"
    assert board.states["deploy"] == "running"


def test_eta_is_what_is_left_times_the_median_once_a_batch_is_through():
    story = Story()
    story.start_deploy()
    story.sees("healthy")
    story.settle(seconds=2)
    story.later(3)
    story.tick()
    eta = figure(story.board(), "ETA") if story.picture.run and story.board().hosts[0].state == "healthy" else None
    while eta is None:
        story.later(2)
        story.end()
        story.tick()
        found = [f for f in story.board().figures if f.phrase == "ETA"]
        eta = found[0] if found else None
    assert eta.sure == "estimated"
    assert eta.value.startswith("16 s left, about 24 Nov 2025 ")  # 8 host-steps left, 2 s each


def test_deployed_and_the_first_wave_open(open_wave):
    board = open_wave.board()
    assert board.verdict == (
        "Deployed on 3 of 3 hosts in 18 s: helpdesk 2.6.0. "
        "Not in use yet: 11% of 90 people have adopted it (target 60%); 1 of 2 waves open to 50 people."
    )
    assert states(board) == ["adopting", "planned", "planned"]
    wave = board.waves[0]
    assert (wave.adopters, wave.present, wave.share, wave.gate) == (10, 50, 0.2, 0.6)
    assert (round(wave.low or 0, 3), round(wave.high or 0, 3)) == (0.112, 0.330)
    booked = clock(open_wave, opened_at(open_wave) + 24_000)
    assert (board.waves[1].share, board.waves[1].booked) == (None, booked)
    assert board.waves[2].name == "Holdout"
    assert {state for _, state, _ in hosts(board)} == {"healthy"}
    assert board.heads[0] is not None
    assert board.heads[1] is not None
    assert (board.heads[0].number, board.heads[0].caption) == ("3 of 3", "hosts healthy")
    assert (board.heads[1].number, board.heads[1].caption) == ("11%", "of 90 people adopted, target 60%")
    gate = clock(open_wave, opened_at(open_wave) + 12_000)
    assert board.next_due == f"Gate of wave 1 is judged from {gate} on. Wave 2 is booked for {booked}."


def test_held_with_a_question(open_wave):
    open_wave.later(250)
    open_wave.settle()
    open_wave.later(250)
    open_wave.settle()
    board = open_wave.board()
    assert states(board)[0] == "held"
    asked = board.questions[0]
    answer = 'An operator or owner answers it: uptake approve plan.yaml gate-wave-1 --why "..."'
    assert board.problems == (f"{asked.why} {answer} (entry {asked.seq})",)
    assert [question.name for question in board.questions] == ["gate-wave-1"]
    assert "wave 1 held" in board.verdict


def test_held_below_the_gate_goes_on_by_itself(open_wave):
    open_wave.later(10)
    open_wave.settle()
    last = clock(open_wave, opened_at(open_wave) + 12_000 + 180_000)
    assert f"It is judged at each look; from {last} on a person decides." in open_wave.board().problems[0]
    assert open_wave.board().questions == ()


def test_a_person_holds_and_resumes(open_wave):
    open_wave.say("hold", "implement")
    board = open_wave.board()
    held = f"The implement half is held by kim@desk since {clock(open_wave)}."
    release = "An operator or owner releases it: uptake resume plan.yaml --half implement"
    assert board.problems == (f"{held} {release} (entry {open_wave.picture.seq})",)
    open_wave.say("resume", "implement")
    assert open_wave.board().problems == ()


def test_the_canary_is_rolled_back(open_wave):
    open_wave.start_deploy("2.7.0")
    open_wave.tick()
    assert open_wave.board().states["deploy"] == "running"
    assert "Deployed" not in open_wave.board().verdict
    for _ in range(4):
        open_wave.later(1)
        open_wave.end()
        open_wave.tick()
    open_wave.sees("unhealthy", "north", detail="GET /t/ answered 500, wanted 200")
    open_wave.later(9)
    open_wave.tick()
    during = open_wave.board()
    assert during.verdict.startswith("Being taken back: run 2 of 2.7.0")
    assert hosts(during)[0][:2] == ("north", "running")
    assert "Health of north: unhealthy: GET /t/ answered 500, wanted 200. It is being taken back." in during.problems[0]
    open_wave.settle()
    open_wave.sees("healthy", "north")
    open_wave.settle()
    open_wave.later(3)
    open_wave.settle()
    board = open_wave.board()
    assert board.verdict.startswith("Not deployed: run 2 of 2.7.0 was rolled back; 3 of 3 hosts healthy on 2.6.0.")
    assert hosts(board) == [
        ("north", "rolled back", "2.6.0"),
        ("south", "healthy", "2.6.0"),
        ("west", "healthy", "2.6.0"),
    ]
    assert board.problems[0].endswith(f"uptake deploy plan.yaml --version VERSION {place(open_wave)}")
    assert value(board, "positioning resources for use") == "2.7.0 on 0 of 3 hosts"
    assert value(board, "technical issues") == "gates: 2 passed, 1 failed; 1 roll back"
    assert board.states["deploy"] == "rolled back"


def clock(story: Story, at: int | None = None) -> str:
    return moment(Instant(story.now if at is None else at), story.read.plan.timezone, seconds=True)


def opened_at(story: Story) -> int:
    return story.picture.opened_at(wave_stage(0)) or 0


def place(story: Story) -> str:
    run = story.picture.run
    assert run is not None
    noted = next(n for n in reversed(story.picture.decisions) if n.decision.stage.run == run.number)
    return f"(entry {noted.seq})"


def test_a_first_run_that_fails_names_its_hosts():
    story = Story()
    story.start_deploy()
    story.settle(failing="north")
    board = story.board()
    assert board.verdict.startswith("Not deployed: run 1 of 2.6.0 failed.")
    assert hosts(board)[0] == ("north", "unhealthy", "2.6.0 begun") or hosts(board)[0][1] == "unhealthy"
    assert board.hosts[0].detail == "shell failed, exit 1: no such port"
    assert "Look at these hosts, then deploy again: uptake deploy plan.yaml" in board.problems[0]
    assert "north" in board.problems[0]
    assert hosts(board)[1][1] == "pending"


def test_an_excluded_host_is_not_counted_as_deployed():
    story = Story(implement=False, changes=(("on_failure: rollback", "on_failure: exclude"),))
    story.start_deploy()
    story.sees("healthy")
    for _ in range(6):
        story.settle(failing="west")
        story.later(3)
    board = story.board()
    assert re.fullmatch(r"Deployed on 2 of 3 hosts, 1 excluded, in \d+ s: helpdesk 2\.6\.0\.", board.verdict)
    assert hosts(board)[2][1] == "excluded"
    assert board.heads[0] is not None
    assert (board.heads[0].number, board.heads[0].caption) == ("2 of 3", "hosts healthy, 1 excluded")


def test_unseen_after_a_start_deployed_keeps_its_last_word(open_wave):
    open_wave.sees("unknown")
    open_wave.later(1)
    open_wave.tick()
    board = open_wave.board()
    assert "Deployed on 3 of 3 hosts" in board.verdict
    assert "North, south and west was last seen healthy, not probed since." in board.verdict
    open_wave.sees("unhealthy", "south", detail="connection refused")
    open_wave.later(1)
    open_wave.tick()
    board = open_wave.board()
    assert board.verdict.startswith("Not deployed: run 1 of 2.6.0 succeeded, but south is unhealthy;")
    assert "south is unhealthy (south: connection refused)" in board.problems[0]


def test_in_use_and_no_longer(open_wave):
    open_wave.adopted(40)
    open_wave.later(20)
    open_wave.settle()
    open_wave.adopted(40, 30)
    for _ in range(3):
        open_wave.later(15)
        open_wave.settle()
    board = open_wave.board()
    assert board.verdict == (
        "Deployed on 3 of 3 hosts in 18 s: helpdesk 2.6.0. "
        "In use: 78% of 90 people (target 60%). No outcome is declared: nobody measured what it achieved."
    )
    assert states(board) == ["adopted", "adopted", "planned"]
    assert board.states == {"deploy": "deployed", "implement": "in use"}
    assert value(board, "used effectively") == "in use: 70 of 90 people = 78% (target 60%)"
    assert figure(board, "the desired outcomes achieved").sure == "not measured"
    open_wave.adopted(20, 5)
    open_wave.later(3)
    open_wave.settle()
    assert "Not in use yet: 28% of 90 people" in open_wave.board().verdict


def test_either_half_may_stand_alone():
    release = Story(implement=False)
    release.deploy()
    release.deploy("2.6.1")
    board = release.board()
    assert board.heads[1] is None
    assert board.verdict.startswith("Deployed on 3 of 3 hosts")
    assert all(f.sure == "not measured" for f in board.figures if f.half == "implement")
    policy = Story(deploy=False)
    policy.start_implement()
    policy.settle()
    board = policy.board()
    assert (board.heads[0], board.hosts) == (None, ())
    assert board.verdict == "Not in use yet: 1 of 2 waves open to 50 people."


def test_words_are_those_of_the_product_and_nothing_is_called_implemented(open_wave):
    told: list[Board] = [open_wave.board()]
    open_wave.start_deploy("2.7.0")
    for failing in ("", "north", "", "south"):
        open_wave.settle(failing=failing)
        open_wave.later(5)
        open_wave.sees("unhealthy" if failing else "healthy", *([failing] if failing else HOSTS))
        told.append(open_wave.board())
    for board in told:
        assert {host.state for host in board.hosts} <= HOST_WORDS
        assert set(states(board)) <= WAVE_WORDS
        assert "implemented" not in board.verdict.lower()


def test_a_rehearsal_is_made_up(open_wave):
    board = figures(open_wave.read, open_wave.picture, open_wave.now, made_up=True)
    assert {f.sure for f in board.figures if f.source.startswith("entry")} == {"made up"}
    assert {f.sure for f in board.figures if f.source.startswith("plan")} == {"counted"}


def test_an_interrupted_run_goes_on():
    story = Story(implement=False)
    story.start_deploy()
    story.tick()
    story.cut()
    story.tick()
    board = story.board()
    assert board.verdict == "Not deployed: run 1 of 2.6.0 is interrupted."
    assert board.problems[0].endswith(f"Go on with: uptake deploy plan.yaml {place(story)}")
    assert value(board, "resume") == "interrupted: the same `uptake deploy` goes on"
    assert value(board, "unexpected obstacles") == "0 hosts excluded, 0 holds, 1 interruption"
    story.say("resume", "deploy")
    story.tick()
    assert story.board().states == {"deploy": "running"}
    assert story.board().problems == ()


def test_strays_and_failed_mail_are_told():
    story = Story(changes=(("adoption: {event", "announce:\n    - {at: -1s, text: soon.md}\n  adoption: {event"),))
    story.deploy()
    story.start_implement()
    story.tick()
    story.tick()
    key = next(key for key in story.picture.open_acts if "announce" in key)
    fault = Failure(target="0" * 32, state="failed", lines=("550 no such mailbox",))
    story.write(Failed(outcome=Outcome(key=key, ok=False, counts={"done": 49, "failed": 1}, failures=(fault,))))
    board = story.board()
    seq = story.picture.acts[key].seq
    assert board.problems == (f"Announcement 1 to wave 1 did not reach 1 person: 550 no such mailbox. (entry {seq})",)
    assert value(board, "clear communication") == "1 announcement, 49 mails sent; 1 not delivered to all"


def test_figures_are_only_made_here():
    """No other room makes a `Figure`."""
    package = Path(__file__).parents[2] / "src" / "uptake"
    makers = [path.name for path in package.rglob("*.py") if re.search(r"\bFigure\(\s*row", path.read_text())]
    assert makers == ["figures.py"]
