"""What needs a person, most pressing first: why, who can answer, and with which command.

Questions, holds, runs that failed, waves that stand still, mail and access that did not reach
everybody. It decides nothing: each line cites the ledger entry that says so.
"""

from collections.abc import Iterator

from uptake.core.action import Announce, Grant, Invite, Notify, Survey, Withdraw
from uptake.core.picture import Act
from uptake.core.time import after
from uptake.core.words import count
from uptake.implement.gates import gate_of
from uptake.implement.targets import wave_stage
from uptake.report.known import Known
from uptake.report.outcomes import notes
from uptake.report.reports import name_of, open_reports
from uptake.report.run import Run
from uptake.report.sources import broken
from uptake.report.tasks import overdue
from uptake.report.words import listed, people, sentence, stage_name

PROBLEMS_MOST = 20
"""At most so many are listed; the rest is counted."""
WHO = "An operator or owner"


def problems(known: Known) -> tuple[str, ...]:
    """What needs a person now."""
    found = [*_of_run(known), *_questions(known), *_holds(known), *_waves(known), *overdue(known), *notes(known)]
    found += [*_not_reached(known), *_strays(known), *broken(known), *_reports(known)]
    if len(found) > PROBLEMS_MOST:
        found = [*found[:PROBLEMS_MOST], f"{len(found) - PROBLEMS_MOST} more; see uptake why {known.file} all"]
    return tuple(found)


def _of_run(known: Known) -> Iterator[str]:
    """A run that failed, was cut short or taken back, and hosts that are not well."""
    run = known.run
    if run is None:
        return
    noted = known.last_noted.get(run.stage)
    why = sentence(noted.decision.why) if noted is not None else ""
    place = f"(entry {noted.seq})" if noted is not None else ""
    match run.state:
        case "failed":
            yield f"{why} Look at these hosts, then deploy again: uptake deploy {known.file} {place}"
        case "interrupted":
            yield f"{why} Go on with: uptake deploy {known.file} {place}"
        case "rolled back":
            yield f"{why} Mend the release, then: uptake deploy {known.file} --version VERSION {place}"
        case _:
            yield from _turned(known, run)
    if run.ended_at is not None and run.sick:
        yield _sick(known, run)


def _turned(known: Known, run: Run) -> Iterator[str]:
    """Batches that failed in a run that is being taken back."""
    for stage, noted in known.last_noted.items():
        decision = noted.decision
        if stage.half == "deploy" and stage.run == run.number and decision.state == "unhealthy" and run.going_back:
            seen = [f"{fact.what}: {fact.seen}" for fact in decision.evidence if fact.seen != fact.wanted]
            facts = f" {sentence(listed(seen))}" if seen else ""
            goes = "" if stage.is_rollback else " It is being taken back."
            yield f"{sentence(decision.why)}{facts}{goes} (entry {noted.seq})"


def _sick(known: Known, run: Run) -> str:
    shown = [f"{name}: {run.seen[name].detail or 'its checks fail'}" for name in run.sick]
    verb = "is" if len(run.sick) == 1 else "are"
    waits = " No wave that they serve opens until they are healthy." if known.plan.implement is not None else ""
    return f"{listed(run.sick)} {verb} unhealthy ({listed(shown)}).{waits} ({known.seen()})"


def _questions(known: Known) -> Iterator[str]:
    """Questions that only a person answers."""
    for name, noted in known.picture.questions.items():
        ask = f'{WHO} answers it: uptake approve {known.file} {name} --why "..."'
        yield f"{sentence(noted.decision.why)} {ask} (entry {noted.seq})"


def _holds(known: Known) -> Iterator[str]:
    """A person's brake, who put it on, and how it is released."""
    for half, spoken in known.picture.holds.items():
        what = f"The {half} half is" if half else "The plan is"
        flag = f" --half {half}" if half else ""
        release = f"{WHO} releases it: uptake resume {known.file}{flag}"
        yield f"{what} held by {spoken.said.who} since {known.at(spoken.at)}. {release} (entry {spoken.seq})"


def _waves(known: Known) -> Iterator[str]:
    """Waves that are held below their gate while no question is open yet."""
    whom = known.whom
    if whom is None:
        return
    asked = {noted.decision.stage for noted in known.picture.questions.values()}
    for wave in whom.inside:
        stage = wave_stage(wave.ordinal)
        opened, noted = known.picture.opened_at(stage), known.last_noted.get(stage)
        if whom.state(wave) != "held" or stage in asked or opened is None or noted is None:
            continue
        gate, zone = gate_of(known.plan, known.picture, wave.ordinal), known.plan.timezone
        last = after(after(opened, gate.at, zone), gate.hold_at_most, zone)
        looks = "It is judged at each look; from" if last > known.now else "From"
        next_ = f"{looks} {known.at(last)} on a person decides."
        yield f"{sentence(noted.decision.why)} {next_} (entry {noted.seq})"


def _not_reached(known: Known) -> Iterator[str]:
    """Mail, access and notices that did not reach everybody."""
    newest = {_whom(act): act for act in known.picture.acts.values()}
    for act in newest.values():
        outcome = act.outcome
        if outcome is None or outcome.interrupted:
            continue
        missed = sum(number for word, number in outcome.counts.items() if word not in ("done", "kept", "wanted"))
        if outcome.ok and not outcome.counts.get("nobody"):
            continue
        what = _reach(act)
        if what:
            who = people(missed) if missed else "not everybody"
            last = next((f.lines[-1] for f in outcome.failures if f.lines), "")
            yield f"{what} did not reach {who}{f': {last}' if last else ''}. (entry {act.seq})"


def _whom(act: Act) -> tuple[object, ...]:
    """What an act tries to do: of access, which is asked for again under new keys, only the newest attempt speaks."""
    if isinstance(act.action, Grant | Withdraw):
        return (type(act.action), act.action.stage)
    return (act.action.key,)


def _reach(act: Act) -> str:
    match act.action:
        case Announce(stage=stage, item=item):
            return f"Announcement {item + 1} to {'everybody' if stage.ordinal < 0 else stage_name(stage)}"
        case Grant(stage=stage):
            return f"Access for {stage_name(stage)}"
        case Withdraw(stage=stage):
            return f"Taking access from {stage_name(stage)}"
        case Notify(title=title):
            return f"The notice \u201c{title}\u201d"
        case Invite(stage=stage):
            return f"Inviting {stage_name(stage)} to training"
        case Survey(stage=stage, item=item):
            return f"Survey {item + 1} to {stage_name(stage)}"
        case _:
            return ""


def _strays(known: Known) -> Iterator[str]:
    """Events of people, or counts of settings, whom the plan does not know."""
    strays = known.picture.observed.strays
    if strays:
        named = f"{count(strays, 'event')} named a subject that is not in the audience"
        if known.plan.counts_by_setting:
            named = f"{count(strays, 'setting')} in the source of use, and nobody of the audience there"
        yield f"{named}: kept apart, not counted. ({known.seen()})"


def _reports(known: Known) -> Iterator[str]:
    """What readers say is wrong, while nobody called it done."""
    told = open_reports(known.picture)
    if told:
        newest = told[-1]
        about = str(newest.said.data.get("figure", "")) or "something else"
        what = f"{count(len(told), 'report')} of something wrong on a page; newest: {name_of(newest.seq)}, on {about}"
        yield f"{what}. Read with: uptake why {known.file} reports (entry {newest.seq})"
