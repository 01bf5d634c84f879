"""Follow a plan until something has ended, with progress; Ctrl-C leaves it resumable.

The first Ctrl-C or SIGTERM ends the turning after the present turn; what runs on a host is
settled when the run goes on.
"""

import signal
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

from uptake.app.opened import Opened
from uptake.app.ring import drive
from uptake.cli.screen import Screen
from uptake.core.picture import Picture
from uptake.core.problem import Refused

if TYPE_CHECKING:
    from uptake.connect.hosts.crew import Crew


def follow(opened: Opened, until: Callable[[Picture], bool], *, quiet: bool, crew: "Crew | None" = None) -> Picture:
    """Turn or follow the ring until `until`.

    Raises:
        KeyboardInterrupt: a person stopped it.
    """
    stop: list[int] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        del frame
        stop.append(number)

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    screen = Screen(opened.read, quiet=quiet)
    screen.skip(opened.picture())
    try:
        picture = drive(opened, until, show=screen.show, stopped=lambda: bool(stop), crew=crew)
    except Refused as refused:
        refused.begun = True
        raise
    finally:
        screen.close()
        for number, handler in before.items():
            signal.signal(number, handler)
    if stop and not until(picture):
        raise KeyboardInterrupt
    return picture
