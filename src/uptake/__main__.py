"""The `uptake` command: verbs loaded when they are called, so that `--version` is quick.

Refusals become text with place, cause and hint and the exit code 2; Ctrl-C becomes 130, output that
cannot be written 1. The verbs themselves live in `cli/`, one file each. Nothing is decided here.
"""

import gc
import os
import sys

from uptake import __version__

GARBAGE_AFTER = 50_000
"""So many new objects are made before garbage is looked for: loading makes many, and none of them is garbage."""
INTERRUPTED = 130
"""Exit code after Ctrl-C: the same command goes on from where it stopped."""


def main() -> int:
    """Run the command line and return its exit code."""
    gc.set_threshold(GARBAGE_AFTER)
    try:
        return _run()
    finally:
        gc.freeze()  # the system takes the memory back: to search it for garbage first takes a third of a second


def _run() -> int:
    _open_streams()
    words = sys.argv[1:]
    if words in (["--version"], ["-V"], ["version"]):
        print(f"uptake {__version__}")
        return 0
    try:
        from uptake.cli.verbs import dispatch

        code = dispatch(words)
        sys.stdout.flush()
    except (KeyboardInterrupt, Exception) as error:
        if comes_of_ctrl_c(error):
            import shlex

            print(f"interrupted; this goes on from where it stopped: uptake {shlex.join(words)}", file=sys.stderr)
            return INTERRUPTED
        if not isinstance(error, OSError) or error.filename is not None:  # a file of ours: a mistake in the program
            raise
        _drop_output()
        if isinstance(error, BrokenPipeError):
            return 0
        print(
            f"the output cannot be written: {error.strerror}; what was asked for may have been done: uptake status",
            file=sys.stderr,
        )
        return 1
    return code


def comes_of_ctrl_c(error: BaseException) -> bool:
    """Whether it is a KeyboardInterrupt, or was raised on the way out of one.

    Ctrl-C can fall anywhere, also between a lock's wait and its release; what leaves the block is then an error of
    the lock ("release unlocked lock") whose context is the interruption.
    """
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, KeyboardInterrupt):
        seen = seen.__context__
    return seen is not None


def _open_streams() -> None:
    """Where a standard stream was closed the null device stands in, so that no file of ours gets its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115  for good


def _drop_output() -> None:
    """Nothing is written to stdout any more, not even at the end what is still in its buffer."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    raise SystemExit(main())
