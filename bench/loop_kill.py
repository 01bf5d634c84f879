"""The ring's promise: kill -9 at random points, and every act is asked once, every hold holds, the plan gets there.

In each trial two processes run `uptake implement PLAN --yes` on a fresh folder and contend for the lease, a third
says `uptake hold` and `uptake resume`; one of them is killed, started again, and so on until enough kills. With
--stops the holder is also stopped past its lease's time to live and woken again. Then the ledger is judged, and
what the outside saw is counted: grants per person by a real command, notices by a real HTTP server.

    python bench/loop_kill.py --kills 100 --stops 6
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import HTTPServer
from pathlib import Path

from _loop_world import Sink, Trial, speaker, turner, user, warm_up

from uptake.cli.verify import verified
from uptake.core.action import Announce, Grant, Open, RunStep
from uptake.core.entry import Asked, Done, Entry, Failed, Said
from uptake.core.picture import Picture
from uptake.implement.targets import HALF
from uptake.loop.replay import replay

KILL_AFTER_S = (0.02, 0.5)
"""Between two kills lie so many seconds, drawn evenly."""
LIMIT_S = 60.0
"""How long one wait of this program may take before it fails."""
STOP_TRIES = 50
BRAKED = Open | Grant | RunStep | Announce
"""What may not be asked while a person's hold stands."""


def wait_for(what: Callable[[], bool], words: str) -> None:
    """Wait until it is so."""
    until = time.monotonic() + LIMIT_S
    while not what():
        if time.monotonic() > until:
            raise SystemExit(f"not within {LIMIT_S:g} s: {words}")
        time.sleep(0.05)


def states(pid: int) -> list[str]:
    """The state of each thread of a process."""
    stats = Path(f"/proc/{pid}/task").glob("*/stat")
    return [stat.read_text().rpartition(")")[2].split()[0] for stat in stats]


def stop_once(trial: Trial) -> int | None:
    """Stop the holder until another has taken over and written, wake it, and let it try to go on.

    Returns:
        How many calls of the access command it began after it was woken; None where nobody was there to take over.
    """
    for _ in range(STOP_TRIES):
        if len(trial.alive(turner)) < 2:
            return None
        held = trial.holder()
        if held not in trial.pids:
            time.sleep(0.05)
            continue
        before = trial.epoch()
        os.kill(held, signal.SIGSTOP)
        wait_for(lambda pid=held: set(states(pid)) == {"T"}, "it stops")
        if trial.can_write():
            break
        os.kill(held, signal.SIGCONT)  # stopped within its own transaction: the file is locked until it goes on
    else:
        raise SystemExit(f"{STOP_TRIES} stops, all within a transaction")
    wait_for(lambda: trial.epoch() > before, "another process takes over from a stopped one")
    calls = len(trial.lines("calls"))
    os.kill(held, signal.SIGCONT)
    time.sleep(1.0)
    return sum(int(line.split()[3]) == held for line in trial.lines("calls")[calls:])


def run(trial: Trial, server: HTTPServer, chance: random.Random, kills: int, stops: int) -> Counter[str]:
    """One trial from a fresh folder to the plan's end, with so many kills and stops; returns what was done."""

    def sink() -> int:
        server.serve_forever()
        return 0

    done: Counter[str] = Counter()
    for role in (sink, user, turner, turner, speaker):
        trial.start(role)
    for number in range(kills):
        time.sleep(chance.uniform(*KILL_AFTER_S))
        turners = trial.alive(turner)
        if not turners:
            break
        done["kills"] += trial.kill(chance.choice(turners + trial.alive(speaker)))
        if number % 4 == 3 and done["stops"] < stops:
            late_calls = stop_once(trial)
            done["stops"] += late_calls is not None
            done["late_calls"] += late_calls or 0
    (trial.folder / "enough").touch()
    wait_for(lambda: not trial.alive(turner) and not trial.alive(speaker), "the plan gets to its end")
    trial.end()
    return done


def judge(trial: Trial) -> Counter[str]:
    """What the ledger says of the promises, and what the outside saw."""
    found: Counter[str] = Counter()
    with trial.opened() as opened:
        entries = list(opened.store.ledger.read())
        picture = opened.picture()
        found["entries"] = len(entries)
        found["broken"] = sum(not check.ok for check in verified(opened))
        found["differences"] = len(replay(opened.read.plan, entries).differing)
        found["not_in_use"] = picture.stage(HALF).state != "in use"
    found += _kept(trial, entries)
    found += _acts(entries)
    found["held_asks"] += sum(1 for _ in _asked_while_held(entries))
    found += _outside(trial, picture)
    found["bad_ends"] = sum(code != 0 for _, code in trial.codes)
    found["tracebacks"] = sum("Traceback" in line for line in trial.lines("printed"))
    return found


def _kept(trial: Trial, entries: list[Entry]) -> Counter[str]:
    """Whether every acknowledged entry stands, and none is of an epoch that another had followed."""
    found: Counter[str] = Counter()
    kept = {entry.seq: entry for entry in entries}
    newest = 0
    for seq, mark, epoch, _ in sorted(trial.acknowledged()):
        found["acknowledged"] += 1
        found["lost"] += seq not in kept or kept[seq].hash != mark
        found["late"] += 0 < epoch < newest
        newest = max(newest, epoch)
    found["epochs"] = newest
    for line in trial.lines("said"):
        word = json.loads(line)
        if "entry" not in word:
            continue  # nothing was held, said the command
        entry = kept.get(word["entry"])
        found["words"] += 1
        stands = entry is not None and isinstance(entry.body, Said) and entry.body.what == word["said"]
        found["lost"] += not stands
    return found


def _acts(entries: list[Entry]) -> Counter[str]:
    """How often each act was asked and ended."""
    asked = Counter(entry.body.action.key for entry in entries if isinstance(entry.body, Asked))
    ended = Counter(entry.body.outcome.key for entry in entries if isinstance(entry.body, Done | Failed))
    opens = {entry.body.action.key for entry in entries if isinstance(entry.body, Asked) and _is_open(entry)}
    twice = sum(many - 1 for many in (*asked.values(), *ended.values()))
    return Counter(asked=len(asked), twice=twice, never_ended=len(set(asked) - set(ended) - opens))


def _is_open(entry: Entry) -> bool:
    return isinstance(entry.body, Asked) and isinstance(entry.body.action, Open)


def _asked_while_held(entries: list[Entry]) -> Iterator[Entry]:
    """What was asked between a hold's entry and the resume's."""
    held = False
    for entry in entries:
        if isinstance(entry.body, Said):
            held = (held or entry.body.what == "hold") and entry.body.what != "resume"
        elif held and isinstance(entry.body, Asked) and isinstance(entry.body.action, BRAKED):
            yield entry


def _outside(trial: Trial, picture: Picture) -> Counter[str]:
    """Calls of the access command and notices, as they arrived."""
    calls = [line.split() for line in trial.lines("calls")]
    grants = Counter(who for act, who, _, _ in calls if act == "grant")
    told = Counter(trial.lines("notices"))
    wanted = sum(wave.people for wave in picture.drawn.waves) if picture.drawn else 0
    return Counter(
        people=wanted,
        without=wanted - len(list((trial.folder / "have").iterdir())),
        calls=len(calls),
        cut_short=sum(act == "cut" for act, *_ in calls),
        grants=sum(grants.values()),
        people_granted_again=sum(many > 1 for many in grants.values()),
        notices=len(told),
        notices_again=sum(told.values()) - len(told),
    )


BAD = (
    *("broken", "differences", "not_in_use", "lost", "late", "twice", "never_ended", "held_asks"),
    *("without", "bad_ends", "tracebacks"),
)
"""Figures that must be 0."""


def main() -> int:
    """Run and print; exit 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--kills-each", type=int, default=20, help="kills in one trial")
    parser.add_argument("--stops", type=int, default=2, help="stops in one trial")
    parser.add_argument("--real", action="store_true", help="each process started as a shell would")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the folder of a trial that was bad")
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    total: Counter[str] = Counter()
    warm_up()
    began = time.monotonic()
    while total["kills"] < asked.kills:
        folder = Path(tempfile.mkdtemp(prefix="uptake-loop-kill-"))
        server = HTTPServer(("127.0.0.1", 0), Sink)
        trial = Trial(folder, server.server_port, real=asked.real)
        trial.set_up()
        try:
            done = run(trial, server, chance, min(asked.kills_each, asked.kills - total["kills"]), asked.stops)
        finally:
            trial.end()
            server.server_close()
        found = judge(trial)
        total.update({**done, **found, "trials": 1})
        if asked.keep and any(found[name] for name in BAD):
            print(f"kept: {folder}: " + " ".join(f"{name}={found[name]}" for name in BAD if found[name]))
        else:
            shutil.rmtree(folder)
    names = ("trials", "kills", "stops", "epochs", "entries", "acknowledged", "words", "lost", "late", "asked", "twice")
    names += ("never_ended", "held_asks", "broken", "differences", "not_in_use", "bad_ends", "tracebacks")
    print(" ".join(f"{name}={total[name]}" for name in names) + f" seconds={time.monotonic() - began:.0f}")
    outside = (
        "people",
        "without",
        "calls",
        "cut_short",
        "grants",
        "people_granted_again",
        "late_calls",
        "notices",
        "notices_again",
    )
    print("outside: " + " ".join(f"{name}={total[name]}" for name in outside))
    return 1 if any(total[name] for name in BAD) else 0


if __name__ == "__main__":
    sys.exit(main())
