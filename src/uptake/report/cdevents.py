"""What a ledger says to other tools: CDEvents 0.5.1 for the runs of the deploy half, one chain per run.

Pure: entries in, events out as plain values; nothing is sent here. The same entry always makes the same events under
the same ids (from its hash, which holds its sequence), so that a repeat is known as one. Sources: the CDEvents
specification v0.5.1 (core, continuous deployment, continuous operations), Package URL.
"""

import hashlib
from collections.abc import Iterator
from urllib.parse import quote

from uptake.core.action import Outcome, RunStep
from uptake.core.decision import Decision
from uptake.core.entry import Asked, Decided, Done, Entry, Failed, Said
from uptake.core.picture import Act, Picture, RunPicture, fold
from uptake.core.time import as_datetime
from uptake.deploy.steps import item_name, release_before
from uptake.deploy.targets import whole_run
from uptake.plan.model import Deploy, Plan
from uptake.plan.read import read_draft
from uptake.report.deployments import is_failure
from uptake.report.words import listed

SPECIFICATION = "0.5.1"
TYPE_VERSION = "0.3.0"
"""The version that this specification gives each of the types that are made here."""
Event = dict[str, object]
"""One CDEvent: `context`, `subject` and `customData`, as JSON has them."""
ENDS = ("succeeded", "failed", "rolled back")
"""States with which a run ends."""
ERRORS_MOST = 1_000
"""Characters of what is said of a failure."""


class Chronicle:
    """One plan's ledger as events: give it every entry from the first on."""

    def __init__(self, plan: Plan) -> None:
        """Args: plan: what counts until the ledger brings a text."""
        self._plan = plan
        self._picture = Picture()
        self._chains: dict[int, str] = {}
        self._seen: dict[int, set[str]] = {}
        self._incidents: dict[int, str] = {}
        self._counts: dict[int, int] = {}
        self._prepared: set[int] = set()

    def tell(self, entry: Entry) -> tuple[Event, ...]:
        """The events of the next entry, in the order in which they are sent."""
        fold(self._picture, entry)
        self._take_up_text(entry)
        if self._plan.deploy is None:
            return ()
        return tuple(self._of(entry, self._plan.deploy))

    def _take_up_text(self, entry: Entry) -> None:
        """The plan's text that counts from this entry on; one that this version reads no more changes nothing."""
        revisions = self._picture.revisions
        if revisions and revisions[-1].seq == entry.seq:
            read = read_draft(revisions[-1].text, file=f"entry {entry.seq}").read
            self._plan = read.plan if read is not None else self._plan

    def _of(self, entry: Entry, deploy: Deploy) -> Iterator[Event]:
        body = entry.body
        match body:
            case Said(what="start", half="deploy"):
                run = self._picture.runs[-1]
                self._chains[run.number] = entry.hash[:32]
                yield self._pipeline(entry, run, "queued")
            case Asked(action=RunStep()):
                yield self._task(entry, self._picture.acts[body.action.key], None)
            case Done() | Failed():
                act = self._picture.acts[body.outcome.key]
                if isinstance(act.action, RunStep) and not body.outcome.interrupted:
                    yield self._task(entry, act, body.outcome)
                    if act.action.part == "infrastructure" and body.outcome.ok:
                        self._prepared.add(act.action.stage.run)
            case Decided():
                for decision in body.decisions:
                    if decision.stage.half == "deploy" and decision.stage.run:
                        run = self._picture.runs[decision.stage.run - 1]
                        yield from self._decided(entry, deploy, run, decision)
            case _:
                pass

    def _decided(self, entry: Entry, deploy: Deploy, run: RunPicture, decision: Decision) -> Iterator[Event]:
        """A run that begins, fails at a gate, and ends; the service and its environment after it."""
        if run.number not in self._incidents and is_failure(decision, run):
            self._counts[run.number] = self._counts.get(run.number, 0) + 1
            self._incidents[run.number] = f"{self._run_id(run)}/incident/{self._counts[run.number]}"
            yield self._incident(entry, run, "detected", run.version, decision.why)
        seen = self._seen.setdefault(run.number, set())
        if decision.stage != whole_run(run.number) or decision.state in seen:
            return
        seen.add(decision.state)
        if decision.state == "running":
            yield self._pipeline(entry, run, "started")
        if decision.state in ENDS:
            yield from self._ended(entry, deploy, run, decision)

    def _ended(self, entry: Entry, deploy: Deploy, run: RunPicture, decision: Decision) -> Iterator[Event]:
        before, state = release_before(self._picture, run), decision.state
        if not self._seen[run.number] & set(ENDS) - {state}:
            yield self._pipeline(entry, run, "finished", decision)
        if run.number in self._prepared:
            self._prepared.discard(run.number)
            subject = deploy.environment
            yield self._event(entry, run, "environment.modified", subject, {"name": subject}, version=run.version)
        if state == "succeeded":
            is_other = before is not None and before.version != run.version
            yield from self._service(entry, deploy, run, "upgraded" if is_other else "deployed", run.version)
            for number in sorted(self._incidents):
                yield self._resolved(entry, self._picture.runs[number - 1], run.version, decision.why)
        if state == "rolled back" and before is not None:
            yield from self._service(entry, deploy, run, "rolledback", before.version)
            if run.number in self._incidents:
                yield self._resolved(entry, run, before.version, decision.why)

    def _service(self, entry: Entry, deploy: Deploy, run: RunPicture, what: str, version: str) -> Iterator[Event]:
        """The service on a version; of a deployment by others those who did it tell."""
        if deploy.observed is None:
            content: Event = {
                "environment": {"id": deploy.environment},
                "artifactId": artifact(deploy, version),
            }
            yield self._event(entry, run, f"service.{what}", deploy.service, content, version=version)

    def _incident(self, entry: Entry, run: RunPicture, what: str, version: str, why: str) -> Event:
        deploy = self._plan.deploy
        assert deploy is not None
        content: Event = {
            "description": _short(why),
            "environment": {"id": deploy.environment},
            "service": {"id": deploy.service},
            "artifactId": artifact(deploy, version),
        }
        subject = self._incidents[run.number]
        return self._event(entry, run, f"incident.{what}", subject, content, version=version)

    def _resolved(self, entry: Entry, run: RunPicture, version: str, why: str) -> Event:
        event = self._incident(entry, run, "resolved", version, why)
        del self._incidents[run.number]
        return event

    def _pipeline(self, entry: Entry, run: RunPicture, what: str, ended: Decision | None = None) -> Event:
        content: Event = {"pipelineName": self._plan.plan, "uri": self._uri(run)}
        if ended is not None:
            well = ended.state == "succeeded"
            content |= {"outcome": "success"} if well else {"outcome": "failure", "errors": _short(ended.why)}
        state = {"state": ended.state} if ended is not None else {}
        return self._event(entry, run, f"pipelinerun.{what}", self._run_id(run), content, version=run.version, **state)

    def _task(self, entry: Entry, act: Act, outcome: Outcome | None) -> Event:
        step = act.action
        assert isinstance(step, RunStep)
        run = self._picture.runs[step.stage.run - 1]
        content: Event = {"taskName": item_name(step.part, step.item), "pipelineRun": {"id": self._run_id(run)}}
        if outcome is not None and outcome.ok:
            content |= {"outcome": "success"}
        elif outcome is not None:
            bad = listed([failure.target for failure in outcome.failures])
            content |= {"outcome": "failure", "errors": _short(f"failed on {bad}" if bad else "failed")}
        what = "taskrun.started" if outcome is None else "taskrun.finished"
        custom = {"batch": str(step.stage), "hosts": list(step.hosts)}
        return self._event(entry, run, what, step.key, content, version=step.version, **custom)

    def _event(self, entry: Entry, run: RunPicture, what: str, subject: str, content: Event, **custom: object) -> Event:
        kind = f"dev.cdevents.{what}.{TYPE_VERSION}"
        mark = hashlib.sha256(f"{entry.hash} {what} {subject}".encode()).hexdigest()[:32]
        at = as_datetime(entry.at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {
            "context": {
                "specversion": SPECIFICATION,
                "id": mark,
                "source": f"/uptake/{quote(self._plan.plan, safe='')}",
                "type": kind,
                "timestamp": at,
                "chainId": self._chains[run.number],
            },
            "subject": {"id": subject, "content": content},
            "customData": {"plan": self._plan.plan, "run": run.number, "entry": entry.seq, **custom},
        }

    def _run_id(self, run: RunPicture) -> str:
        return f"{self._plan.plan}/deploy/{run.number}"

    def _uri(self, run: RunPicture) -> str:
        """Where people see the run; a name of its own where the plan has no address."""
        if self._plan.web is not None:
            return self._plan.web.url
        return f"urn:uptake:{quote(self._plan.plan, safe='')}:deploy:{run.number}"


def artifact(deploy: Deploy, version: str) -> str:
    """A version of a plan's service as a package URL: the plan's own, else a generic one.

    >>> artifact(Deploy(service="help desk", version="", environment=""), "2.6.0+1")
    'pkg:generic/help%20desk@2.6.0%2B1'
    """
    if deploy.artifact:
        return deploy.artifact.replace("{version}", quote(version, safe=":"))
    return f"pkg:generic/{quote(deploy.service, safe='')}@{quote(version, safe=':')}"


def _short(text: str) -> str:
    return text[:ERRORS_MOST]
