"""Use that is told by setting: how many people of a team used it on a day, where nobody looks at single people.

Each row is one setting's count of one day; told again it replaces what stood there, so late and corrected counts come
in by themselves. A setting that stands twice on a day is refused: which of the two counts, or their sum, nobody knows.
"""

from pathlib import Path

from uptake.connect.feeds.usage import begin_of, written_at
from uptake.connect.feeds.worker import Brought
from uptake.connect.pull.rows import Row, read_rows
from uptake.core.event import TeamUse
from uptake.core.ports import TeamUses
from uptake.core.time import Instant
from uptake.plan.model import Plan
from uptake.plan.pull import Pull

USERS_MOST = 10_000_000
"""No setting has more people."""


class TeamUsage:
    """Reads `adoption.from` of a plan by setting into the counts by setting."""

    def __init__(self, plan: Plan, pull: Pull, *, folder: Path, teams: TeamUses) -> None:
        """Args: plan; pull: its source; folder: the plan's; teams: where counts go."""
        assert plan.implement is not None
        self._event, self._timezone = plan.implement.adoption.event, plan.timezone
        self._pull, self._folder, self._teams = pull, folder, teams

    def __call__(self, *, last: Instant, now: Instant) -> Brought:
        """Read once."""
        complete = written_at(self._pull, self._folder, now)
        window = (begin_of(self._pull, last, self._timezone), now)
        words = {"needs": ("setting", "at", "users"), "takes": ("event",)}
        found: dict[tuple[str, str, Instant], TeamUse] = {}
        lines: dict[tuple[str, str, Instant], int] = {}
        for row in read_rows(self._pull, folder=self._folder, window=window, **words):
            use = self._use(row)
            key = (use.name, use.setting, use.at)
            if key in found:
                what = f"`{use.setting}` stands twice at {row.text('at')}: in line {lines[key]} too"
                raise row.refused(what, "let the source tell one count for each setting and day")
            found[key], lines[key] = use, row.line
        self._teams.keep(list(found.values()))
        return Brought(complete=complete)

    def _use(self, row: Row) -> TeamUse:
        """One row's count."""
        users = row.number("users")
        if users < 0 or users != int(users) or users > USERS_MOST:
            raise row.refused(f"`users` is no whole number of people: {row.values['users']}")
        return TeamUse(
            setting=row.text("setting"),
            name=row.values.get("event", "").strip() or self._event,
            at=row.moment("at", timezone=self._timezone, dates=self._pull.dates),
            users=int(users),
        )
