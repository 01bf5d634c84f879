"""A fleet of N real SSH hosts on one machine, for the tests and for the demonstration.

`ns` gives each host namespaces of its own (root only); `plain` gives each a separate sshd, folder and
loopback address (any container, any ordinary user). Standard library only; pytest's part is `plugin`.
It is no mock: what connects to it is OpenSSH's own server. It stands beside the ring, as the world.
"""

from tests.fleet.fleet import Fleet
from tests.fleet.host import FleetError, FleetHost

__all__ = ["Fleet", "FleetError", "FleetHost"]
