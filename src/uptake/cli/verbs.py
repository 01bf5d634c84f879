"""The table of verbs, and what a refusal looks like on a terminal.

Each verb is a function in a file of its own, named here as text and imported when it is
called. Refusals are printed with place, cause and hint, or as JSON where `--json` was given.
"""

import sys
from collections.abc import Sequence

from uptake import __version__
from uptake.app.settings import served_elsewhere
from uptake.core.problem import Refused

VERBS: tuple[tuple[str, str, str, str], ...] = (
    ("Plan", "init", "init:run", "Write a commented plan and every file that it names."),
    ("Plan", "check", "check:run", "Check a plan file and report every mistake at once."),
    ("Plan", "explain", "explain:run", "Explain a plan key: its meaning, unit and default."),
    ("Plan", "schema", "schema:run", "Print the plan file's JSON Schema, for editors."),
    ("Plan", "power", "power:run", "Which effect a plan could show on its declared day."),
    ("Plan", "rehearse", "rehearse:run", "Rehearse a plan on made-up hosts and people."),
    ("Run", "deploy", "deploy:run", "Deploy a version to the plan's hosts, batch by batch."),
    ("Run", "implement", "implement:run", "Draw the waves and let people in, wave by wave."),
    ("Run", "serve", "uptake.web.verb:run", "Serve page, flags and intake, and turn the ring."),
    ("Run", "revise", "revise:run", "Bring an edited plan file into a plan that runs."),
    ("Run", "hold", "hold:run", "Hold the plan, or one half of it: nothing new begins."),
    ("Run", "resume", "resume:run", "Let go on what was held or interrupted."),
    ("Run", "approve", "approve:run", "Answer an open question, with a reason."),
    ("Run", "rollback", "rollback:run", "Take the latest run back to the version before."),
    ("Run", "overrule", "overrule:run", "Take back what a rule decided on a wave, with a reason."),
    ("See", "status", "status:run", "Where the plan stands, and what comes next."),
    ("See", "compare", "compare:run", "Deploy and Implement side by side."),
    ("See", "report", "report:run", "Everything in one HTML file that opens without a server."),
    ("See", "adoption", "adoption:run", "How soon each wave adopted, who adopts, RE-AIM and Proctor."),
    ("See", "who", "who:run", "Person by person: wave, opening, uses, adopter."),
    ("See", "why", "why:run", "A decision with its numbers and its plan line."),
    ("See", "dora", "dora:run", "DORA's five metrics of the plan's deployments."),
    ("See", "effect", "effect:run", "What a plan's outcomes show, or a staged rollout's effect from any table."),
    ("Trust", "verify", "verify:run", "Verify the ledger's chain and recompute the draw."),
    ("Trust", "lock", "lock:run", "Who deploys this service now, and who turns the plan."),
    ("Trust", "replay", "replay:run", "Recompute every decision from the ledger."),
)
ELSEWHERE = {name: f"remote:{name}" for name in ("deploy", "hold", "resume", "approve", "status")}
"""What acts on a running `serve` elsewhere where UPTAKE_URL is set."""
GROUPS: tuple[tuple[str, str, str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Trust",
        "token",
        "Tokens for applications and people; only their digests are kept.",
        (
            ("add", "token:add", "Make a token and show it once."),
            ("list", "token:list_", "List the tokens, without their secrets."),
            ("revoke", "token:revoke", "Revoke a token."),
        ),
    ),
    (
        "Data",
        "import",
        "Bring data in from files.",
        (("events", "import_:events", "Import events of use from a file."),),
    ),
)


def dispatch(words: Sequence[str]) -> int:
    """Run one command line.

    Returns:
        The exit code: 0 done, 1 failed, 2 usage or invalid plan, 3 held, 4 rolled back.
    """
    elsewhere = ELSEWHERE if served_elsewhere() else {}
    if words[:1] == ["deploy"] and len(words) > 1 and not elsewhere and not {"--help", "-h"} & set(words):
        from uptake.connect.hosts import spare

        spare.prepare()
    from cyclopts import App

    app = App(
        name="uptake",
        help="One plan file, one loop: from deployed, through in use, to implemented.",
        version=__version__,
        result_action="return_value",
        suppress_keyboard_interrupt=False,  # __main__ says what Ctrl-C left behind
    )
    for group, name, target, words_of_help in VERBS:
        app.command(_place(elsewhere.get(name, target)), name=name, help=words_of_help, group=group)
    for group, name, words_of_help, verbs in GROUPS:
        inner = App(name=name, help=words_of_help, group=group, result_action="return_value")
        for verb, target, verb_help in verbs:
            inner.command(_place(target), name=verb, help=verb_help)
        app.command(inner)
    try:
        code = app(list(words))
    except Refused as error:
        print_refusal(error, as_json="--json" in words)
        return error.exit_code
    return code if isinstance(code, int) else 0


def _place(target: str) -> str:
    """Where a verb's function stands: in this room, unless the table names another."""
    return target if target.startswith("uptake.") else f"uptake.cli.{target}"


def print_refusal(error: Refused, *, as_json: bool) -> None:
    """A refusal on stderr, or on stdout as JSON."""
    if as_json:
        import msgspec

        problems = [{"code": p.code, "where": str(p.where), "what": p.what, "hint": p.hint} for p in error.problems]
        print(msgspec.json.encode({"schema": 1, "problems": problems}).decode())
        return
    from uptake.cli.paint import paint_lost, paint_problems

    whole = error.exit_code == Refused.exit_code and not error.begun
    paint = paint_problems if whole else paint_lost
    print(paint(error.problems, sys.stderr), file=sys.stderr)
