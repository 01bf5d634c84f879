"""What the chapters of the demonstration hand on to one another, and how long they wait at most."""

from dataclasses import dataclass, field

import facts
import people
import said
from world import World, check, until

SERVE_LIMIT_S = 20.0
OPEN_LIMIT_S = 60.0
GATE_LIMIT_S = 60.0
RUN_LIMIT_S = 90.0
STATUS_POLL_S = 1.0


@dataclass(slots=True, kw_only=True)
class Show:
    """What the chapters hand on to one another."""

    world: World
    effect: bool = True
    everybody: list[people.Person] = field(default_factory=people.made_up)
    address: str = ""
    flags_token: str = ""
    wave_of: dict[str, int] = field(default_factory=dict)

    def in_wave(self, number: int) -> list[people.Person]:
        """The people drawn into a wave."""
        return [person for person in self.everybody if self.wave_of[person.employee_id] == number]

    def serve(self) -> None:
        """Starts the server and waits until it answers; it keeps its port from then on."""
        port = self.world.port
        process = self.world.start("serve", self.world.command, "serve", "plan.yaml", "--port", str(port))
        self.address = f"http://127.0.0.1:{port}"

        def so() -> bool:
            check(process.poll() is None, f"serve ended {process.returncode}: {self.world.said('serve')}")
            return facts.is_up(self.address)

        until("the server answers", so, SERVE_LIMIT_S)

    def wait_wave(self, number: int, states: tuple[str, ...], limit_s: float) -> said.Wave:
        """Waits until a wave is in one of these states."""

        def so() -> said.Wave | None:
            self.world.alive()
            wave = said.waves(self.world)[number - 1]
            check(wave.state != "rolled back", f"wave {number} was rolled back")
            return wave if wave.state in states else None

        found = until(f"wave {number} is {' or '.join(states)}", so, limit_s, STATUS_POLL_S)
        assert found is not None
        return found
