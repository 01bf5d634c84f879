"""The ports that one ring touches, put together by `app`: real, made up, or set by hand in tests.

`Looked` are those that are asked at looks beside `Events`; a plan that has nothing of the kind has
none of them. Values only: what each port promises stands in `core.ports`.
"""

from dataclasses import dataclass, field

from uptake.core.ports import (
    Access,
    Clock,
    Events,
    Hosts,
    Learning,
    Ledger,
    Notices,
    Outcomes,
    Probes,
    Receipts,
    Sources,
    Surveys,
    Tickets,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """The ports that are asked at looks; None where the plan has nothing of the kind."""

    sources: Sources | None = None
    learning: Learning | None = None
    tickets: Tickets | None = None
    surveys: Surveys | None = None
    outcomes: Outcomes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What the ring touches; `app` chooses which."""

    clock: Clock
    ledger: Ledger
    receipts: Receipts
    events: Events
    hosts: Hosts
    probes: Probes
    notices: Notices
    access: Access
    looked: Looked = field(default_factory=Looked)
