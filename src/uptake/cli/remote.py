"""The verbs that act on a running `serve` elsewhere, where UPTAKE_URL and UPTAKE_TOKEN say so.

The same words, figures and exit codes as on the machine itself. The plan is the one that is served; a file that is
named must be its. A job waits by asking again and again: neither its end nor the server's restart touches the run.
"""

import signal
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from uptake.app.change import UNTOLD, Told
from uptake.app.settings import served_elsewhere
from uptake.cli.code import CODES, INTERRUPTED, STILL_RUNNING, tell_run
from uptake.cli.paint import wants_colour
from uptake.cli.shown import columns, print_json, print_text
from uptake.connect.remote import Remote, Unreached
from uptake.core.problem import refuse
from uptake.core.time import Span
from uptake.report.ending import Standing

ASK_EVERY_S = 1.0
"""How often a job asks how its run stands."""


def status(plan: str = "", *, json: bool = False) -> int:
    """Show the status of the plan that is served.

    Args:
        plan: the plan's file, where another one must not be meant; the server knows its plan.
        json: print one JSON object.
    """
    with _remote() as remote:
        value = remote.status(Path(plan).name)
    if json:
        print_json(value)
        return 0
    from uptake.report.plain import board_of_json
    from uptake.report.status import status_text

    turning = str(value.get("turning", ""))
    print_text(
        status_text(board_of_json(value), width=columns(), colour=wants_colour(sys.stdout), turning=turning),
    )
    return 0


def hold(plan: str = "", *, half: str = "", why: str = "", ticket: str = "", json: bool = False) -> int:
    """Hold the plan that is served, or one half of it: nothing new begins.

    Args:
        plan: the plan's file, where another one must not be meant; the server knows its plan.
        half: deploy or implement; both by default.
        why: the reason, kept apart from the ledger so that it can be erased.
        ticket: the number of a change ticket, shown by `uptake why`.
        json: print one JSON object.
    """
    return _say(plan, "hold", {"half": half, "why": why, "ticket": ticket}, as_json=json)


def resume(plan: str = "", *, half: str = "", why: str = "", ticket: str = "", json: bool = False) -> int:
    """Let go on what was held or interrupted.

    Args:
        plan: the plan's file, where another one must not be meant; the server knows its plan.
        half: deploy or implement; whatever is held by default.
        why: the reason, kept apart from the ledger so that it can be erased.
        ticket: the number of a change ticket, shown by `uptake why`.
        json: print one JSON object.
    """
    return _say(plan, "resume", {"half": half, "why": why, "ticket": ticket}, as_json=json)


def approve(question: str, more: str = "", *, why: str, ticket: str = "", json: bool = False) -> int:
    """Answer one open question of the plan that is served.

    Args:
        question: its name, as `uptake status` prints it: gate-wave-2.
        more: the question, where the plan's file is named before it.
        why: the reason, kept apart from the ledger so that it can be erased.
        ticket: the number of a change ticket, shown by `uptake why`.
        json: print one JSON object.
    """
    plan, name = (question, more) if more else ("", question)
    return _say(plan, "approve", {"question": name, "why": why, "ticket": ticket}, as_json=json)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How a deploy is followed.

    Args:
        wait: follow the run to its end.
        timeout: how long at most; the run goes on after that.
    """

    wait: bool = False
    timeout: str = "30m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What is said with a deploy.

    Args:
        why: the reason, kept apart from the ledger so that it can be erased.
        key: a deploy asked for twice with the same key is begun once, such as a job's own number.
        ticket: the number of a change ticket, shown by `uptake why`.
    """

    why: str = ""
    key: str = ""
    ticket: str = ""


def deploy(
    plan: str = "",
    *,
    version: str = "",
    waiting: Annotated[Waiting, Parameter(name="*")] = Waiting(),
    said: Annotated[Saying, Parameter(name="*")] = Saying(),
    brings: Annotated[Told, Parameter(name="*")] = UNTOLD,
    json: bool = False,
) -> int:
    """Begin a run of a version where the plan is served, or follow the one under way.

    Args:
        plan: the plan's file, where another one must not be meant; the server knows its plan.
        version: what to deploy; the plan's own version by default.
        waiting: whether and how long to follow it.
        said: why, and what tells this word from others.
        brings: the commits, and whether it was planned.
        json: print one JSON object at the end.
    """
    limit = _span(waiting.timeout)
    with _remote() as remote, _signals():
        words = {"version": version, "why": said.why, "ticket": said.ticket, **brings.words()}
        run = _standing(remote.say("deploy", key=said.key, plan=Path(plan).name, **words))
        return _wait(remote, run, limit, as_json=json) if waiting.wait else tell_run(run, 0, as_json=json)


def _say(plan: str, what: str, words: dict[str, str], *, as_json: bool) -> int:
    with _remote() as remote:
        said = remote.say(what, plan=Path(plan).name, **words)
    if as_json:
        print_json(said)
    else:
        half = f", {said['half']}" if said["half"] else ""
        print_text(f"{what}: entry {said['entry']} of the ledger{half}{'' if said['new'] else ', said before'}\n")
    return 0


def _wait(remote: Remote, run: Standing, limit: Span, *, as_json: bool) -> int:
    """Ask until the run has ended, the time is up, or somebody ends the waiting."""
    until, told, away = time.monotonic() + limit.approx_s, "", False
    try:
        while not run.ended:
            if time.monotonic() >= until:
                why = f"Timed out after {limit}, still running; the same command follows it again. {run.why}"
                return tell_run(replace(run, why=why.strip()), STILL_RUNNING, as_json=as_json)
            if run.why != told and not as_json:
                told = run.why
                print(told, file=sys.stderr, flush=True)
            time.sleep(min(ASK_EVERY_S, max(0.0, until - time.monotonic())))
            try:
                run, away = _standing(remote.standing(run.run)), False
            except Unreached as lost:
                if not away:
                    print(f"{lost}; asked again until it answers", file=sys.stderr, flush=True)
                away = True
    except KeyboardInterrupt:
        print(f"Waiting ended; run {run.run} goes on, and the same command follows it again.", file=sys.stderr)
        return INTERRUPTED
    return tell_run(run, CODES.get(run.state, 1), as_json=as_json)


def _standing(value: dict[str, Any]) -> Standing:
    """A run as the server tells it."""
    return msgspec.convert(value, type=Standing)


def _remote() -> Remote:
    """The server that the environment names.

    Raises:
        Refused: the settings cannot be used.
    """
    settings = served_elsewhere()
    assert settings is not None
    return Remote(*settings)


def _span(text: str) -> Span:
    """A length of time.

    Raises:
        Refused: it is none.
    """
    try:
        span = Span.parse(text)
    except ValueError as error:
        raise refuse("UP030", "--timeout", f"`{text}` is no length of time", str(error)) from None
    if span.is_negative():
        raise refuse("UP030", "--timeout", f"`{text}` points back in time", "write 30m or 2h")
    return span


@contextmanager
def _signals() -> Generator[None, None, None]:
    """A job that is cancelled ends as by Ctrl-C."""

    def ended(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, ended)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
