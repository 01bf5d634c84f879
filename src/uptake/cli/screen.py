"""What a long run shows: one line per finished step, and on a terminal what runs now, with ETA.

Progress goes to stderr, results to stdout. It reads the picture and decides nothing; every
figure is the report's.
"""

import sys
import time
from collections.abc import Sequence

from uptake.cli.paint import wants_colour
from uptake.cli.shown import columns, print_text
from uptake.core.action import RunStep
from uptake.core.picture import Act, Picture
from uptake.core.time import as_datetime
from uptake.deploy.steps import item_name
from uptake.plan.model import Plan
from uptake.plan.read import ReadPlan
from uptake.report.board import Failed
from uptake.report.failed import failed_lines, failures
from uptake.report.known import Known
from uptake.report.run import Run
from uptake.report.terminal import Paint, plain

REDRAW_S = 0.25
"""A terminal's last line is redrawn at most so often."""


class Screen:
    """Follows a picture and prints what is new."""

    def __init__(self, read: ReadPlan, *, quiet: bool) -> None:
        """Args: read: the plan; quiet: print nothing."""
        self._read, self._quiet = read, quiet
        self._decisions = 0
        self._ended: set[str] = set()
        self._terminal = sys.stderr.isatty()
        self._drawn_at = 0.0

    def skip(self, picture: Picture) -> None:
        """What is known already is not printed again."""
        self._decisions = len(picture.decisions)
        self._ended = {key for key, act in picture.acts.items() if act.ended_at is not None}

    def show(self, picture: Picture, progress: dict[str, str]) -> None:
        """Print what is new since the last call."""
        if self._quiet:
            return
        for key, act in picture.acts.items():
            if act.ended_at is None or key in self._ended:
                continue
            self._ended.add(key)
            if isinstance(act.action, RunStep) and act.outcome is not None:
                self._print(_step_line(self._read.plan, picture, act))
                self._failures(picture, act)
        for noted in picture.decisions[self._decisions :]:
            when = as_datetime(noted.at, self._read.plan.timezone).strftime("%H:%M:%S")
            self._print(f"{when}  {noted.decision.verdict:<8}  {noted.decision.why}")
        self._decisions = len(picture.decisions)
        if self._terminal and time.monotonic() - self._drawn_at > REDRAW_S:
            self._drawn_at = time.monotonic()
            self._draw(picture, progress)

    def _failures(self, picture: Picture, act: Act) -> None:
        """The hosts on which a step failed, with their last line; all lines come at the end, and stand in `status`."""
        if act.outcome is None or act.outcome.ok:
            return
        found = [one for one in failures_of(self._read, picture, act.action.stage.run) if one.seq == act.seq]
        paint = Paint(colour=wants_colour(sys.stderr))
        for line in failed_lines(found, paint, columns(), brief=True):
            self._print(line)

    def _print(self, line: str) -> None:
        clear = "\r\x1b[2K" if self._terminal else ""
        print(clear + line, file=sys.stderr, flush=True)

    def _draw(self, picture: Picture, progress: dict[str, str]) -> None:
        from uptake.report.eta import eta_words

        running = ", ".join(f"{host} {step}" for host, step in sorted(progress.items())[:4])
        words = "  ".join(part for part in (eta_words(self._read.plan, picture), running) if part)
        print(f"\r\x1b[2K{plain(words)[: columns() - 1]}", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Leave a clean line behind."""
        if self._terminal and not self._quiet:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def failures_of(read: ReadPlan, picture: Picture, number: int) -> tuple[Failed, ...]:
    """What failed in a run."""
    return failures(Known(read=read, picture=picture, now=picture.observed.now), number)


def print_failures(found: Sequence[Failed]) -> None:
    """Failures on stdout, in full."""
    for line in failed_lines(found, Paint(colour=wants_colour(sys.stdout)), columns()):
        print_text(line + "\n")


def _step_line(plan: Plan, picture: Picture, act: Act) -> str:
    """A finished step: done or failed, what, on whom, how long."""
    assert plan.deploy is not None
    assert isinstance(act.action, RunStep)
    assert act.outcome is not None
    assert act.ended_at is not None
    action = act.action
    if action.part == "tests":
        check = plan.deploy.tests[action.item]
        what = check.target if check.kind == "test" else f"{check.kind} {check.target}"
    elif action.part == "analysis":
        what = "; ".join(act.outcome.lines)
    elif action.part in ("before_host", "after_host"):
        what = getattr(plan.deploy.update, action.part)[action.item].kind
    else:
        what = getattr(plan.deploy, action.part)[action.item].name
    run = Run(plan=plan, picture=picture, now=picture.observed.now, run=picture.runs[action.stage.run - 1])
    hosts = ", ".join(action.hosts) if len(action.hosts) <= 3 else f"{len(action.hosts)} hosts"
    word = "done  " if act.outcome.ok else "FAILED"
    took_s = (act.ended_at - act.asked_at) / 1000
    return (
        f"  {word}  {run.place(action.stage)}  {item_name(action.part, action.item)} ({what})  {hosts}  {took_s:.1f} s"
    )
