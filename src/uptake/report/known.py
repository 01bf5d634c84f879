"""What a board is made from, in one value: the plan that was read, the picture and the moment.

It also says where things come from: the ledger's entry or the plan's line. Every row, wave and
host of the board is made from this and from nothing else.
"""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from uptake.core.picture import Noted, Picture
from uptake.core.stage import Stage
from uptake.core.time import Instant
from uptake.core.words import moment
from uptake.plan.model import Deploy, Implement, Plan
from uptake.plan.people import Privacy
from uptake.plan.read import ReadPlan, read_draft
from uptake.report.audience import Audience, audience_of
from uptake.report.board import Mark, Sure
from uptake.report.run import Run, latest_of

REVISIONS_KEPT = 16
"""So many earlier texts are kept as read."""
QUICK_S = 3600
"""A plan that is looked at more often than this is told to the second."""


@lru_cache(maxsize=REVISIONS_KEPT)
def _read(text: str, file: str) -> ReadPlan | None:
    """A text of the plan that stood in the ledger; None for one that this version reads no more."""
    return read_draft(text, file=file).read


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What stands behind a phrase: the value, its source, how sure it is, and its mark."""

    value: str
    source: str
    sure: Sure = "counted"
    mark: Mark = ""
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Known:
    """The plan as read, the picture of its ledger, and now; `made_up` for a rehearsal."""

    read: ReadPlan
    picture: Picture
    now: Instant
    made_up: bool = False

    @property
    def plan(self) -> Plan:
        """The plan's values."""
        return self.read.plan

    @property
    def deploy(self) -> Deploy:
        """The deploy half, which this plan has."""
        assert self.plan.deploy is not None
        return self.plan.deploy

    @property
    def implement(self) -> Implement:
        """The implement half, which this plan has."""
        assert self.plan.implement is not None
        return self.plan.implement

    @property
    def min_group(self) -> int:
        """Of fewer people than this nothing is told."""
        return (self.plan.implement.privacy if self.plan.implement is not None else Privacy()).min_group

    @cached_property
    def last_noted(self) -> dict[Stage, Noted]:
        """The latest decision on each stage, with its place in the ledger."""
        return {noted.decision.stage: noted for noted in self.picture.decisions}

    @property
    def file(self) -> str:
        """The plan file's name, as commands take it."""
        return self.read.file.rpartition("/")[2]

    @cached_property
    def run(self) -> Run | None:
        """The latest deploy run."""
        return latest_of(self.plan, self.picture, self.now)

    @cached_property
    def whom(self) -> Audience | None:
        """The people as drawn."""
        return audience_of(self.plan, self.picture)

    def line(self, path: str) -> str:
        """Where a plan key stands, or the nearest one above it: `plan.yaml:12`."""
        where = self.read.where(path)
        return f"{where.file.rpartition('/')[2]}:{where.line}"

    def as_of(self, seq: int) -> "Known":
        """The same with the plan's text that counted at an entry; itself where that is the text of today."""
        stood = [revision for revision in self.picture.revisions if revision.seq <= seq]
        if not stood or stood[-1].digest == self.read.digest:
            return self
        read = _read(stood[-1].text, self.read.file)
        return self if read is None else replace(self, read=read)

    def line_at(self, path: str, seq: int) -> str:
        """Where a plan key stood at an entry; of an earlier revision it names that too."""
        then = self.as_of(seq)
        return then.line(path) + (f" of revision {then.read.digest[:12]}" if then is not self else "")

    def entry(self, seq: int) -> str:
        """A place in the ledger; empty for none."""
        return f"entry {seq}" if seq else ""

    def seen(self) -> str:
        """The latest observation's place in the ledger."""
        return self.entry(self.picture.observed_seq)

    def decided(self, stage: Stage) -> str:
        """The place of the latest decision on a stage."""
        noted = self.last_noted.get(stage)
        return self.entry(noted.seq) if noted else ""

    def at(self, instant: Instant) -> str:
        """A moment in the plan's time zone, to the second where the plan is quick."""
        quick = self.plan.implement is None or self.plan.implement.look.approx_s < QUICK_S
        return moment(instant, self.plan.timezone, seconds=quick)
