"""What failed on which host, errors first: the step, its exit code and last lines, the plan's line, what to do next.

Read from the outcomes and verdicts of one run; a step that was mended by going on has no failure any more. The same
value stands in `status`, `why`, at the end of `uptake deploy` and in every `--json`.
"""

from collections.abc import Iterator, Sequence

from uptake.core.action import RunStep
from uptake.core.picture import Noted
from uptake.core.stage import Stage
from uptake.deploy import gates
from uptake.deploy.steps import item_name, plan_path
from uptake.deploy.targets import whole_run
from uptake.report.board import Failed
from uptake.report.known import Known
from uptake.report.terminal import Paint, plain, wrap

FAILED_MOST = 20
"""At most so many failures are shown on a screen; the rest is counted."""
WORDS = {
    "failed": "Mend it, then: uptake deploy {file}{version}",
    "rolled back": "Mend the release, then: uptake deploy {file} --version VERSION",
    "interrupted": "Go on with: uptake deploy {file}{version}",
    "succeeded": "The others went on. Mend the host, then bring it in: uptake deploy {file}{version}",
    "running": "The run goes on without it. Once the host is mended, bring it in: uptake deploy {file}{version}",
}
"""The run's state -> what to do next."""
OBSERVED = "It goes on once this version is told, and ends with the next one; or: uptake approve {file} {question}"
"""What to do next where others deploy."""
FAILING = ("deploy.update.on_failure", "deploy.observed")
"""The rules of decisions by which a gate's failure counts."""
LEFT_AS = {
    "unreachable": "See why the host does not answer. ",
    "in doubt": "Look on the host whether it was done: going on runs it again. ",
}
"""The host's state -> what to do before that."""


def failures(known: Known, number: int = 0) -> tuple[Failed, ...]:
    """The failures of a run, of the latest by default, in the order in which they happened."""
    number = number or len(known.picture.runs)
    if not number or known.plan.deploy is None:
        return ()
    return tuple(sorted((*_steps(known, number), *_health(known, number)), key=lambda one: one.seq))


def behind(known: Known, noted: Noted) -> tuple[Failed, ...]:
    """The failures that a decision cites."""
    if noted.decision.stage.half != "deploy":
        return ()
    cited = {fact.what for fact in noted.decision.evidence}
    found = failures(known, noted.decision.stage.run)
    return tuple(one for one in found if _cited_as(one) in cited and one.seq <= noted.seq)


def failed_lines(found: Sequence[Failed], paint: Paint, width: int, *, brief: bool = False) -> list[str]:
    """Failures as paragraphs for a terminal, each with its lines as they were printed; `brief`: the last alone."""
    lines: list[str] = []
    for one in found[:FAILED_MOST]:
        code = f", exit {one.exit_code}" if one.exit_code is not None else ""
        head, *rest = wrap(f"{one.host} {one.state}: {one.step}{code} ({one.line})", width, indent="  ")
        lines += [f"{paint.sign('bad')} {paint(head[2:], 'bad')}", *(paint(line, "bad") for line in rest)]
        lines += [f"      {plain(line)}" for line in (one.lines[-1:] if brief else one.lines)]
        lines += [] if brief else wrap(one.next, width, indent="    ")
    if len(found) > FAILED_MOST:
        lines.append(f"  and {len(found) - FAILED_MOST} more: uptake status --json has them all")
    return lines


def _cited_as(one: Failed) -> str:
    """How a decision's evidence names it."""
    return f"health of {one.host}" if one.part == "health" else f"{item_name(one.part, one.item)} on {one.host}"


def _steps(known: Known, number: int) -> Iterator[Failed]:
    for act in known.picture.acts.values():
        action, outcome = act.action, act.outcome
        if not isinstance(action, RunStep) or action.stage.run != number or outcome is None or outcome.ok:
            continue
        for bad in outcome.failures:
            title = bad.step or item_name(action.part, action.item)
            yield Failed(
                host=bad.target,
                state=bad.state,
                part=action.part,
                item=action.item,
                step=f"{title} (roll back)" if action.stage.is_rollback else title,
                exit_code=bad.exit_code,
                lines=bad.lines,
                line=known.line_at(plan_path(action.part, action.item), act.seq),
                next=_next(known, action.stage, bad.state),
                seq=act.seq,
            )


def _health(known: Known, number: int) -> Iterator[Failed]:
    """Hosts at which a batch's gate failed, once each; of a version that was told in the end, nothing."""
    told: set[str] = set()
    ended = gates.run_state(known.picture, known.picture.runs[number - 1])
    if known.deploy.observed is not None and ended == "succeeded":
        return
    for noted in known.picture.decisions:
        decision = noted.decision
        judged = decision.stage.half == "deploy" and decision.stage.run == number
        if not judged or decision.verdict == "advance" or decision.rule not in FAILING:
            continue
        for fact in decision.evidence:
            name = fact.what.removeprefix("health of ")
            if fact.source != "probe" or fact.seen == fact.wanted or name in told:
                continue
            told.add(name)
            yield Failed(
                host=name,
                state="unhealthy",
                part="health",
                item=0,
                step="health gate",
                lines=(fact.seen,),
                line=known.line_at("deploy.observed" if known.deploy.observed else "deploy.update.health", noted.seq),
                next=_next(known, decision.stage, "unhealthy"),
                seq=noted.seq,
            )


def _next(known: Known, stage: Stage, state: str) -> str:
    """The command that follows, after what must be seen to first."""
    run = known.picture.runs[stage.run - 1]
    word = gates.run_state(known.picture, run)
    asked = known.picture.stage(whole_run(run.number))
    question = f"run-{run.number}-batch-{stage.ordinal + 1}"
    if known.deploy.observed is not None:
        return OBSERVED.format(file=known.file, question=f"run-{run.number}-batch-1") if word == "held" else ""
    version = f" --version {run.version}" if run.version != known.deploy.version else ""
    text = WORDS.get(word, WORDS["running"]).format(file=known.file, version=version)
    if word == "held" and asked.state == "held" and question in known.picture.questions:
        text = f'Mend it or not; it goes on as it is with: uptake approve {known.file} {question} --why "..."'
    elif word == "running" and stage.run == run.number and run.number in _going_back(known):
        text = f"The run is being taken back; see: uptake status {known.file}"
    elif word == "running" and not run.excluded:
        text = f"See what follows: uptake status {known.file}"
    return LEFT_AS.get(state, "") + text


def _going_back(known: Known) -> set[int]:
    return {stage.run for stage in known.picture.stages if stage.half == "deploy" and stage.is_rollback}
