"""kill -9 in the middle of granting, several times: at the end access is exactly the wave's, and nobody was lost."""

import json
import subprocess
import sys
from pathlib import Path

from tests.connect.world import World, eventually, person

ROOT = Path(__file__).parents[3]
PEOPLE = 24
KILL_AT = (3, 12)


def start(here: World) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-m", "tests.connect.under_way", "grant", str(here.folder)]
    return subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_granting_goes_on_where_it_was_killed(here: World) -> None:
    here.know(*(person(n) for n in range(1, PEOPLE + 1)))
    members = here.folder / "members"
    for count in KILL_AT:
        with start(here) as process:
            eventually(lambda count=count: len(list(members.iterdir())) >= count)
            process.kill()
    with start(here) as process:
        said = json.loads(process.communicate(timeout=60)[0])
    assert said == {"ok": True, "counts": {"done": PEOPLE}}
    assert {path.name for path in members.iterdir()} == {f"{n:05}" for n in range(1, PEOPLE + 1)}
