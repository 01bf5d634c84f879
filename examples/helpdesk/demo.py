"""`make demo`: a plan from deployed to in use to implemented, on real hosts with a real application, in ten chapters.

It prints one line for each chapter and ends 0 only if all ten are ok. Hosts are real SSH hosts on this machine,
Roundup and its mailbox are real; the people are made up and played by driver.py, and every output says so. Set-up
(packing Roundup) is made once and stands before the clock.
"""

import argparse
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from chapters import CHAPTERS
from show import Show
from world import ROOT, FleetError, NotSo, World

CLOCK_LIMIT_S = 300.0


def end(number: int, _frame: FrameType | None) -> None:
    """A signal ends the demonstration as an exception does: everything is cleaned up."""
    raise SystemExit(128 + number)


def tell(show: Show) -> int:
    """Runs the chapters in order; the exit code."""
    begin = time.monotonic()
    for number, (title, chapter) in enumerate(CHAPTERS, 1):
        started = time.monotonic()
        try:
            seen = chapter(show)
        except NotSo as missing:
            print(f"{number}/{len(CHAPTERS)} {title}: FAILED\n    {missing}", flush=True)
            print(f"    everything that was said stands in {show.world.work}/log", flush=True)
            return 1
        took = time.monotonic() - started
        print(f"{number}/{len(CHAPTERS)} {title}: ok ({took:.0f} s)\n    {seen}", flush=True)
    took = time.monotonic() - begin
    print(f"all {len(CHAPTERS)} chapters ok in {took:.0f} s; the people were made up, all else was real", flush=True)
    return 0 if took <= CLOCK_LIMIT_S else 1


def main() -> int:
    """Sets up, tells the chapters, cleans up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mode", choices=("auto", "ns", "plain"), default="auto", help="how the hosts are made")
    parser.add_argument("--work", type=Path, default=ROOT / "build/helpdesk/work", help="the folder, made afresh")
    parser.add_argument("--no-effect", action="store_true", help="answers take as long in the new way as in the old")
    given = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    try:
        with World(given.mode, given.work) as world:
            started = time.monotonic()
            world.prepare()
            world.begin()
            assert world.fleet is not None
            hosts = f"{len(world.fleet.hosts)} SSH hosts ({world.fleet.mode})"
            print(f"set up in {time.monotonic() - started:.0f} s: {hosts}, a mailbox, 120 made-up people", flush=True)
            return tell(Show(world=world, effect=not given.no_effect))
    except (NotSo, FleetError) as reason:
        print(f"the demonstration cannot begin: {reason}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
