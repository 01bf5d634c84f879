"""What a word from the page would do, in a sentence that a person reads before they say it.

Made of the same board that the page shows, so that both name the same people and hosts. Pure; it decides nothing.
"""

from uptake.core.words import count
from uptake.report.board import Board, Wave
from uptake.report.words import people

WAITING = ("pending", "planned", "running")
"""Host states in which steps are still to come."""


def consequence(board: Board, what: str, half: str = "") -> str:
    """What holding, resuming or approving does now; `half` empty for both."""
    touched = [_waves(board, half), _hosts(board, half)]
    named = " and ".join(words for words in touched if words) or "nothing that waits just now"
    match what:
        case "hold":
            return f"Nothing new begins until somebody resumes: this holds {named}. What runs on a host ends its step."
        case "resume":
            return f"What is due begins at once: this releases {named}."
        case _:
            return f"It counts as passing this gate. What waits behind it may begin: {named}."


def _waves(board: Board, half: str) -> str:
    """The waves that are not open yet."""
    waiting = [wave for wave in board.waves if _waits(wave)]
    if half == "deploy" or not waiting:
        return ""
    return f"{count(len(waiting), 'wave')} with {people(sum(wave.people for wave in waiting))}"


def _waits(wave: Wave) -> bool:
    return not wave.holdout and not wave.opened


def _hosts(board: Board, half: str) -> str:
    """The hosts that a run has not done yet."""
    waiting = sum(host.state in WAITING for host in board.hosts)
    if half == "implement" or not waiting:
        return ""
    return count(waiting, "host")
