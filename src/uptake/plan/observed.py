"""How a deployment that others do is seen: the address that tells the version, and how it is asked.

Values only. What follows from them as health of a batch is `watched`, their rules are `observed_rules`.
"""

from dataclasses import dataclass, field

from uptake.core.time import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A version that is told at an address, in place of hosts and steps.

    `version_at` is a path into JSON ($.version), a header (header: X-Version) or a pattern with one group. `expect` is
    what is told where {version} runs. Each look asks `agree` times; all answers must be the same.
    """

    http: str
    version_at: str
    expect: str = "{version}"
    headers: dict[str, str] = field(default_factory=dict)
    every: Span = Span(seconds=30)
    agree: int = 3
    timeout: Span = Span(seconds=10)
    min_healthy_time: Span = Span(seconds=60)
    healthy_deadline: Span = Span(seconds=1800)
    secret: str = ""

    def told_for(self, version: str) -> str:
        """What is told at the address while a version runs."""
        return self.expect.replace("{version}", version)

    def version_of(self, told: str) -> str:
        """The version that a text means: one with the declared prefix and suffix, else the text itself.

        >>> Observed(http="", version_at="", expect="v{version}").version_of("v2.6.0")
        '2.6.0'
        """
        before, _, behind = self.expect.partition("{version}")
        inside = told.removeprefix(before).removesuffix(behind)
        return inside if told == self.told_for(inside) and inside else told
