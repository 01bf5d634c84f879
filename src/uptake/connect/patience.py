"""How long a port tries: attempts, growing pauses, and the time one attempt may take.

One value for all tools that talk to a network or start a command; every retry in this room
is bounded by it. Pauses are cut short when the port is closed.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """The limits of one kind of attempt.

    Args:
        attempts_most: so often a thing is tried in all, at least 1.
        first_s: the pause after the first failure; it doubles from there.
        longest_s: the longest pause, also where a server asks for a longer one.
        timeout_s: what one attempt may take.
    """

    attempts_most: int = 10
    first_s: float = 1.0
    longest_s: float = 120.0
    timeout_s: float = 30.0

    def pause_s(self, attempt: int, *, spread: float = 0.0) -> float:
        """The pause after a failed attempt.

        Args:
            attempt: which one failed, from 1.
            spread: in [0, 1), what lengthens the pause by up to a half, so that many do not return at once.
        """
        return min(self.first_s * 2 ** (attempt - 1) * (1 + spread / 2), self.longest_s)


PATIENT = Patience()
"""What a port has unless it is told otherwise: a server that restarts, or asks to come back in five minutes, is
waited for; ten attempts take six minutes."""
AWAY_MOST = 8
"""So many people in a row for whom a system is not to be reached, and the rest is left for later."""
