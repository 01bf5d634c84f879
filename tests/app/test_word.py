"""A word is checked, kept and said once, whoever says it."""

from pathlib import Path

import pytest

from tests.web.board import PLAN
from uptake.app.opened import Opened, open_plan
from uptake.app.word import KEY_MOST, WHY_MOST, Word, speak
from uptake.core.decision import Decision
from uptake.core.entry import Decided, Said
from uptake.core.problem import Refused
from uptake.core.stage import Stage
from uptake.core.time import Instant

NOW = Instant(1_799_654_400_000)


@pytest.fixture
def opened(tmp_path: Path):
    (tmp_path / "plan.yaml").write_text("plan: helpdesk\ntitle: Roundup\n" + PLAN)
    made = open_plan(tmp_path / "plan.yaml")
    yield made
    made.store.close()


def start(opened: Opened) -> None:
    data = {"seed": "00", "audience": "a", "assignment": "b", "waves": [], "revision": opened.read.digest}
    opened.store.ledger.append([Said(what="start", who="test", half="implement", data=data)], at=NOW)


def ask(opened: Opened, question: str) -> None:
    decision = Decision(
        stage=Stage(half="implement", run=1, ordinal=0),
        verdict="hold",
        state="held",
        rule="implement.gate",
        why="Adoption is low.",
        question=question,
    )
    epoch = opened.store.lease.take()
    opened.store.ledger.append([Decided(decisions=(decision,), look_again=NOW)], at=NOW, epoch=epoch)


def code(opened: Opened, word: Word) -> str:
    with pytest.raises(Refused) as refused:
        speak(opened, word, who="kim", now=NOW)
    return refused.value.problems[0].code


def test_what_would_change_nothing_is_refused(opened):
    assert code(opened, Word(what="hold")) == "UP031"
    start(opened)
    assert code(opened, Word(what="hold", half="both")) == "UP030"
    assert code(opened, Word(what="hold", why="x" * (WHY_MOST + 1))) == "UP030"
    assert code(opened, Word(what="hold", key="x" * (KEY_MOST + 1))) == "UP030"
    assert code(opened, Word(what="resume")) == "UP033"
    assert code(opened, Word(what="approve", question="gate-wave-1")) == "UP032"
    assert opened.store.ledger.head() == 1


def test_a_question_has_one_answer(opened):
    start(opened)
    ask(opened, "gate-wave-1")
    first = speak(opened, Word(what="approve", question="gate-wave-1", why="they were on leave"), who="kim", now=NOW)
    again = speak(opened, Word(what="approve", question="gate-wave-1", why="me too"), who="lee", now=NOW)
    assert (first.new, again.new) == (True, False)
    assert first.seq == again.seq == opened.store.ledger.head()
    said = opened.picture().approved["gate-wave-1"].said
    assert said.who == "kim"
    assert opened.store.texts.find(said.why) == "they were on leave"


def test_a_key_makes_it_one_word(opened):
    start(opened)
    hold = Word(what="hold", why="the server room is hot", key="k1")
    first = speak(opened, hold, who="kim", now=NOW)
    assert speak(opened, hold, who="kim", now=NOW).seq == first.seq
    assert speak(opened, hold, who="lee", now=NOW).new
    assert speak(opened, Word(what="resume", key="k1"), who="kim", now=NOW).new


def test_a_report_may_come_first(opened):
    report = Word(what="report", why="the share of wave 2 is wrong", data={"figure": "wave-2", "page": "/"})
    assert speak(opened, report, who="kim", now=NOW).seq == 1
    assert code(opened, Word(what="hold")) == "UP031"


def test_approving_a_task_says_that_it_is_done_and_says_it_once(opened):
    tasks = "implement:\n  tasks: [{do: Order it, owner: k@example.org, due: 3d}]\n"
    text = opened.read.text.replace("implement:\n", tasks, 1)
    (opened.folder / "plan.yaml").write_text(text)
    fresh = open_plan(opened.folder / "plan.yaml")
    start(fresh)
    assert code(fresh, Word(what="approve", question="task-implement-2", why="x")) == "UP032"
    first = speak(fresh, Word(what="approve", question="task-implement-1", why="it came"), who="kim", now=NOW)
    again = speak(fresh, Word(what="approve", question="task-implement-1"), who="lee", now=NOW)
    assert (first.new, again.new, first.seq) == (True, False, again.seq)
    assert fresh.picture().done["task-implement-1"].said.who == "kim"
    fresh.store.close()


def test_overruling_is_about_what_a_rule_decided_and_is_said_once(opened):
    start(opened)
    assert code(opened, Word(what="overrule", question="2", why="x")) == "UP035"
    decision = Decision(
        stage=Stage(half="implement", run=1, ordinal=0),
        verdict="hold",
        state="held",
        rule="implement.adjust.0",
        why="Rule: wave 1 is held until a person decides.",
        question="rule-wave-1",
    )
    epoch = opened.store.lease.take()
    seq = opened.store.ledger.append([Decided(decisions=(decision,), look_again=NOW)], at=NOW, epoch=epoch)[0].seq
    word = Word(what="overrule", question=str(seq), why="a false alarm", data={"ticket": "CHG0012345"})
    first, again = (speak(opened, word, who="kim", now=NOW) for _ in range(2))
    assert (first.new, again.new, first.seq) == (True, False, again.seq)
    picture = opened.picture()
    assert not picture.questions
    assert picture.overruled[decision.stage, decision.rule].said.data["ticket"] == "CHG0012345"


def test_a_change_ticket_is_a_number_and_nothing_else(opened):
    start(opened)
    assert code(opened, Word(what="hold", data={"ticket": "CHG 1; drop"})) == "UP030"
    assert speak(opened, Word(what="hold", data={"ticket": "CHG-1"}), who="kim", now=NOW).new
