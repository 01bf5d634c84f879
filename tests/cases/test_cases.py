"""Cases as data: a plan, the entries so far and a moment -> what is decided. A new case is a new file."""

from pathlib import Path

import msgspec
import pytest
from ruamel.yaml import YAML

from uptake.core.entry import Body, Said, decode
from uptake.core.picture import Picture, fold
from uptake.core.time import Instant
from uptake.loop.decide import decide
from uptake.plan.read import read_plan
from uptake.simulate.memory import MemoryLedger

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*/*.yaml"))


def plain(value: object) -> object:
    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=str))


def body_of(kind: str, value: dict[str, object]) -> Body:
    if kind == "Said":
        return Said(who="case", **{key: value[key] for key in value})  # type: ignore[arg-type]
    return decode(kind, msgspec.json.encode(value))


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_case(path: Path) -> None:
    case = plain(YAML(typ="safe").load(path.read_text()))
    assert isinstance(case, dict)
    plans = HERE / case["plan"]
    read = read_plan(plans.read_text(), file=plans.name)
    ledger, picture = MemoryLedger(), Picture()
    for line in case["entries"]:
        (kind, value) = next((k, v) for k, v in line.items() if k != "at")
        for entry in ledger.append([body_of(kind, value)], at=Instant(line["at"])):
            fold(picture, entry)
    verdicts = decide(read.plan, picture, Instant(case["now"]))
    decided = [
        {"stage": str(d.stage), "verdict": d.verdict, "state": d.state, "rule": d.rule, "why": d.why}
        for d in verdicts.decisions
    ]
    asked = [f"{type(action).__name__} {action.key}" for action in verdicts.actions]
    assert decided == case["decisions"]
    assert asked == case["actions"]
    if "look_again" in case:
        assert verdicts.look_again == case["look_again"]


def test_there_are_cases_of_both_halves() -> None:
    assert {path.parent.name for path in CASES} >= {"deploy", "implement"}
