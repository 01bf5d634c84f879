"""The plan as values: what the file says once it has been read and checked.

Field names are the file's keys (a trailing underscore where Python reserves the word). The
annotated reference in `plan/reference/` explains each; shares are floats in [0, 1].
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from uptake.core.time import Span
from uptake.plan.analysis import Analysis
from uptake.plan.hook import Hook
from uptake.plan.need import Needs
from uptake.plan.observed import Observed
from uptake.plan.outcome import Outcome
from uptake.plan.people import Asking, Privacy, Support, Train
from uptake.plan.pull import Encoding, Pull

Notice = Literal["start", "hold", "failure", "end"]
"""When the plan's own people are told of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A plan item on hosts: `release`, `run`, `shell`, or a pyinfra operation by its own name.

    `name: arguments`, as in the file; a bare text argument stands under the key "". With `run_once` it is done on one
    host of a run; `idempotent` says whether it may be done again where nobody knows if it was done.
    """

    name: str
    arguments: dict[str, Any]
    run_once: bool = False
    idempotent: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One health check or test: an http address, a tcp address, a command run here, or a file of pytest-testinfra.

    A `version` is never written: it stands for what `deploy.observed` says. `expect` is the HTTP status, or the
    command's exit code; `contains` a text that the answer must hold.
    """

    kind: Literal["http", "tcp", "command", "test", "version"]
    target: str
    expect: int | None = None
    contains: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """Where the hosts come from: an inventory file (pyinfra's, or a CSV) or a list."""

    inventory: str = ""
    list_: tuple[str, ...] = ()
    group: str = ""
    serves: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The gate of a batch: all checks pass without a break for `min_healthy_time` before `healthy_deadline`."""

    checks: tuple[Check, ...] = ()
    interval: Span = Span(seconds=2)
    timeout: Span = Span(seconds=2)
    min_healthy_time: Span = Span(seconds=10)
    healthy_deadline: Span = Span(seconds=120)


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """How a run goes over the hosts. `max_parallel` is a number (> 1 or whole) or a share of the hosts."""

    canary: int = 0
    auto_promote: bool = True
    max_parallel: float | int = 1.0
    stagger: Span = Span()
    health: Health = field(default_factory=Health)
    progress_deadline: Span = Span(seconds=600)
    watch: Span = Span(seconds=30)
    before_host: tuple[Hook, ...] = ()
    after_host: tuple[Hook, ...] = ()
    analysis: Analysis | None = None
    on_failure: Literal["rollback", "hold", "exclude"] = "rollback"
    max_fail_percentage: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """One run at a time per service and environment, held on the hosts: how long to wait for it, how long it lasts."""

    wait: Span = Span(seconds=900)
    ttl: Span = Span(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Days in which nothing new begins: from and to are dates (whole days, both included) or date-times."""

    from_: str
    to: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A thing that a named person does by a date: `due` is a date, a date-time, or a span from the half's beginning."""

    do: str
    owner: str
    due: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """The first half: what is set up, configured and tested on which hosts, or seen where others deploy."""

    service: str
    version: str
    environment: str
    artifact: str = ""
    commit: str = ""
    hosts: Hosts = field(default_factory=Hosts)
    observed: Observed | None = None
    needs: Needs = field(default_factory=Needs)
    infrastructure: tuple[Step, ...] = ()
    configuration: tuple[Step, ...] = ()
    tests: tuple[Check, ...] = ()
    update: Update = field(default_factory=Update)
    lock: Lock = field(default_factory=Lock)
    deadline: str = ""
    tasks: tuple[Task, ...] = ()
    freeze: tuple[Freeze, ...] = ()
    events: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ("hold", "failure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who it is for: a CSV with one row per person."""

    from_: str
    id: str
    setting: str = ""
    attributes: tuple[str, ...] = ()
    encoding: Encoding = "utf-8"
    refresh: Span | None = None
    refuse_above: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Waves:
    """How people are let in. `sizes` are shares that sum with `holdout` to 1; `start` is `deployed` or an ISO time."""

    assign_by: Literal["person", "setting"]
    sizes: tuple[float, ...]
    every: Span
    holdout: float = 0.0
    order: Literal["random", "listed"] = "random"
    stratify: tuple[str, ...] = ()
    start: str = "deployed"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """One HTTP request for access; strings may hold {person.KEY} and {found}, secrets by env: and file:.

    `among`, `where` and `pick` look into a JSON answer: at which path its items are, which of them counts, and which
    of its values is taken.
    """

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    already: tuple[int, ...] = ()
    absent: tuple[int, ...] = ()
    contains: str = ""
    among: str = ""
    where: dict[str, str] = field(default_factory=dict)
    pick: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth:
    """Where a token is fetched for a client of its own: with a secret, or an assertion signed with a private key.

    With `subject` the assertion is the grant (RFC 7523, 2.1), else it stands for the client (2.2).
    """

    token_url: str
    client: str = ""
    secret: str = ""
    key: str = ""
    scope: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessHttp:
    """Grant, withdraw and read by HTTP; `read` is asked again after each write and has the last word.

    `read.contains` or `read.where` (or a 2xx alone) means that the person has access; `read.absent` that she has none.
    `resolve` finds her first: what it picks is {found} in the other calls. `busy`: texts of answers that ask for
    another attempt.
    """

    grant: HttpCall
    withdraw: HttpCall
    read: HttpCall | None = None
    resolve: HttpCall | None = None
    oauth: OAuth | None = None
    busy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLdap:
    """Membership of one group in a directory; `person` is a filter below `base`, or a whole DN.

    `placeholder` is the DN that stays in a group which may not be empty.
    """

    url: str
    bind: str
    password: str
    group: str
    person: str
    base: str = ""
    attribute: Literal["member", "uniqueMember", "memberUid"] = "member"
    placeholder: str = ""
    ca: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How real access is given: exactly one of template, ldap, http, command, members.

    `template`: a shipped `http` by its name, its parameters in `with`. `command`: an argv; {act} is grant, withdraw
    or read; the person comes on stdin as JSON; exit 0 done, 3 already so, 4 nobody of that name. `members`: a CSV
    list, written whole each time.
    """

    template: str = ""
    with_: dict[str, str] = field(default_factory=dict)
    ldap: AccessLdap | None = None
    http: AccessHttp | None = None
    command: tuple[str, ...] = ()
    members: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expose:
    """How people meet the new: a flag for our own applications, access for bought ones."""

    flag: str = ""
    access: Access | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """When a wave has adopted: the share of its people, judged from `at` after its opening on, at each look."""

    adoption: float
    at: Span
    else_: Literal["hold"] = "hold"
    hold_at_most: Span = Span(days=28)
    min_people: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A mail to a wave: `at` before its booked (negative) or after its actual opening; `text` is a file."""

    at: Span
    text: str
    to: Literal["wave", "all"] = "wave"
    via: tuple[Literal["email"], ...] = ("email",)
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What counts as use: at least `count` events named `event` within `within`; `target` is the plan's own goal.

    By `level: setting`, `from` tells how many people of each setting used it on a day, and nobody is looked at singly.
    """

    event: str
    count: int
    within: Span
    target: float
    replaces: str = ""
    level: Literal["person", "setting"] = "person"
    from_: Pull | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A rule's condition on a wave, seen from `at` after its opening on; everything that is named must hold.

    `measure` is compared with `below` and `above`; `barrier` is the one that the wave's people name most;
    `guardrail` is an outcome whose guardrail finds harm.
    """

    measure: Literal["adoption", "trained", "tickets"] = "adoption"
    at: Span = Span()
    below: float | None = None
    above: float | None = None
    barrier: Literal["capability", "opportunity", "motivation"] | None = None
    guardrail: str = ""
    finding: Literal["harm"] = "harm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One adjustment: when it is so, do this, once per wave."""

    when: When
    do: Literal[
        "advance",
        "hold",
        "train_more",
        "support_more",
        "ask",
        "notify",
        "task",
        "rollback",
        "rollback_release",
    ]
    text: str = ""
    survey: str = ""
    owner: str = ""
    due: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Implement:
    """The second half: who is let in when, what counts as use, and what follows from it."""

    audience: Audience
    waves: Waves
    adoption: Adoption
    gate: Gate
    expose: Expose = field(default_factory=Expose)
    requires: Literal["deployed", "nothing"] = "deployed"
    look: Span = Span(days=1)
    announce: tuple[Announcement, ...] = ()
    train: Train | None = None
    support: Support | None = None
    ask: tuple[Asking, ...] = ()
    privacy: Privacy = field(default_factory=Privacy)
    baseline: Span = Span(days=56)
    outcomes: tuple[Outcome, ...] = ()
    adjust: tuple[Rule, ...] = ()
    tasks: tuple[Task, ...] = ()
    freeze: tuple[Freeze, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """How mail leaves: server as smtp://host:port (or env:/file:), and the sender."""

    server: str
    from_: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """Where people reach `serve` from their own machines: the address that links in mails begin with."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One plan file. Either half may stand alone."""

    plan: str
    title: str
    owner: str = ""
    timezone: str = "UTC"
    why: str = ""
    deploy: Deploy | None = None
    implement: Implement | None = None
    mail: Mail | None = None
    web: Web | None = None
    notify: tuple[str, ...] = ()

    @property
    def counts_by_setting(self) -> bool:
        """Whether use is told by setting, and nothing is taken about single people."""
        return self.implement is not None and self.implement.adoption.level == "setting"
