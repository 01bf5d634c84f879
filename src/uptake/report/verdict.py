"""The verdict: one or two sentences that say where the plan stands, and what comes next.

Only what the definitions allow: deployed, in use, implemented. Without an outcome achieved a plan ends as in use, with
its effect not shown yet, not achieved or in harm, or with nobody having measured what it achieved.
"""

from uptake.report.audience import Audience
from uptake.report.implement_rows import gate_due, next_wave
from uptake.report.known import Known
from uptake.report.run import Run
from uptake.report.words import exact_percent, length, listed, of, people, percent, sentence

NOBODY_MEASURED = "No outcome is declared: nobody measured what it achieved."
NOT_SHOWN = "Effect not shown yet."


def verdict(known: Known) -> str:
    """Where both halves stand."""
    parts: list[str] = []
    if known.plan.deploy is not None:
        parts.append(_deploy(known, known.run))
    if known.plan.implement is not None:
        parts.append(_implement(known.whom))
    return " ".join(parts)


def next_due(known: Known) -> str:
    """What comes next, in a sentence; empty where nothing is due."""
    run = known.run
    if known.plan.deploy is not None and run is None:
        return f"Deploy it: uptake deploy {known.file}"
    if run is not None and run.state == "running":
        left = f", about {length(run.left_ms)} left" if run.left_ms is not None else ""
        return f"Run {run.number} of {run.run.version} goes on{left}."
    if known.plan.implement is None:
        return ""
    whom = known.whom
    if whom is None:
        return f"Let people in: uptake implement {known.file}"
    due = [found.value for found in (gate_due(known, whom), next_wave(known, whom)) if found is not None]
    return " ".join(sentence(words) for words in due)


def _deploy(known: Known, run: Run | None) -> str:
    if run is None:
        return "Nothing has been deployed yet."
    version, total = run.run.version, len(run.run.hosts)
    excluded = f", {len(run.run.excluded)} excluded" if run.run.excluded else ""
    if run.deployed is not None:
        took = length(run.picture.stage(run.stage).first["succeeded"] - run.run.started_at)
        seen = f" {sentence(f'{listed(run.unseen)} was last seen healthy, not probed since')}" if run.unseen else ""
        what, comma = f"{known.deploy.service} {version}", f"{excluded}," if excluded else ""
        return f"Deployed on {of(len(run.names), total, 'host')}{comma} in {took}: {what}.{seen}"
    name = f"run {run.number} of {version}"
    match run.state:
        case "running":
            words = f"Being taken back: {name}" if run.going_back else f"Being deployed: {name}"
            return f"{words}, {of(len(run.healthy), total, 'host')} healthy{excluded}."
        case "succeeded" if run.sick:
            healthy = f"{of(len(run.healthy), total, 'host')} healthy{excluded}"
            return f"Not deployed: {name} succeeded, but {listed(run.sick)} is unhealthy; {healthy}."
        case "succeeded":
            return f"Not deployed yet: {name} succeeded, its hosts have to stay healthy first."
        case "rolled back":
            versions = {run.versions.get(name, "") for name in run.names}
            on = f" on {versions.pop()}" if len(versions) == 1 else ""
            return f"Not deployed: {name} was rolled back; {of(len(run.healthy), total, 'host')} healthy{on}."
        case other:
            return f"Not deployed: {name} {'failed' if other == 'failed' else f'is {other}'}{excluded}."


def _implement(whom: Audience | None) -> str:
    if whom is None:
        return "Nobody has been let in yet."
    goal = exact_percent(whom.target)
    if whom.in_use is not None and whom.share is not None:
        share = f"{percent(whom.share)} of {people(whom.whole.present)} (target {goal})"
        if whom.implemented:
            return f"Implemented: {share}. {_achieved(whom)}"
        return f"In use: {share}. {_effect(whom)}"
    let_in = sum(wave.people for wave in whom.open_waves)
    waves = f"{of(len(whom.open_waves), len(whom.inside), 'wave')} open to {people(let_in)}"
    held = [wave.ordinal + 1 for wave in whom.inside if whom.state(wave) == "held"]
    back = [wave.ordinal + 1 for wave in whom.inside if whom.state(wave) == "rolled back"]
    extra = f", wave {listed([str(n) for n in held])} held" if held else ""
    extra += f", wave {listed([str(n) for n in back])} rolled back" if back else ""
    if whom.share is None or not whom.open_waves:
        return f"Not in use yet: {waves}{extra}."
    share = f"{percent(whom.share)} of {people(whom.whole.present)} have adopted it (target {goal})"
    return f"Not in use yet: {share}; {waves}{extra}."


def _achieved(whom: Audience) -> str:
    """What was achieved, by the decision's own evidence."""
    assert whom.in_use is not None
    found = whom.in_use.decision.evidence[-1]
    return sentence(f"{found.what} {found.seen}")


def _effect(whom: Audience) -> str:
    """What is said of the effect of a plan that is in use."""
    if not whom.implement.outcomes:
        return NOBODY_MEASURED
    found = {one.name: one.finding for one in whom.picture.observed.outcomes}
    harmed = [name for name, finding in found.items() if finding == "harm"]
    if harmed:
        return f"Harm: {listed(harmed)} went beyond its guardrail."
    missed = [one.name for one in whom.implement.outcomes if one.primary and found.get(one.name) == "not achieved"]
    return f"Effect not shown: {listed(missed)} fell short of what was wanted." if missed else NOT_SHOWN
