"""The exit code of a run by the state in which it ended, and the lines or JSON object that say so: errors first.

The same for a run on this machine and for one that is followed from elsewhere.
"""

from uptake.cli.screen import print_failures
from uptake.cli.shown import print_json, print_text
from uptake.report.ending import Standing

CODES = {"succeeded": 0, "failed": 1, "held": 3, "rolled back": 4, "interrupted": 130}
"""Exit code by a run's last state."""
STILL_RUNNING = 124
"""Exit code where the waiting ended before the run did; as timeout(1) has it."""
INTERRUPTED = 130
"""Exit code where a person ended the waiting."""


def tell_run(run: Standing, code: int, *, as_json: bool) -> int:
    """Print where a run stands, and return the code."""
    if as_json:
        told = {"run": run.run, "version": run.version, "state": run.state, "exit": code, "why": run.why}
        print_json({"schema": 1, **told, "failures": run.failures})
    else:
        print_failures(run.failures)
        print_text((run.why or f"Run {run.run} of {run.version}: {run.state}.") + "\n")
    return code
