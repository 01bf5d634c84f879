"""Show what will be done, and ask: before anything that touches hosts or people.

Without a terminal nothing is assumed: `--yes` has to say it.
"""

import sys

from uptake.core.problem import refuse


def confirm(intention: str, *, yes: bool) -> bool:
    """Whether to go on.

    Raises:
        Refused: no terminal to ask on, and no --yes.
    """
    print(intention, file=sys.stderr)
    if yes:
        return True
    if not sys.stdin.isatty():
        raise refuse("UP034", "uptake", "this needs a yes, and there is no terminal to ask on", "add --yes")
    print("Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
