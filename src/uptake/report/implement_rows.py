"""What stands behind each phrase of the implement column: from the draw, the last look and the plan.

One function per phrase; what a plan does not declare is measured by nothing, and the board says so. What is about
people themselves stands in `people_rows`. No text of the comparison is here.
"""

from collections.abc import Callable

from uptake.core.time import after
from uptake.core.words import count
from uptake.implement.gates import gate_of
from uptake.implement.targets import wave_stage
from uptake.report import outcomes, people_rows
from uptake.report.audience import Audience
from uptake.report.board import Mark
from uptake.report.known import Found, Known
from uptake.report.sources import freshness
from uptake.report.tasks import tasks_found
from uptake.report.waves import booked_at
from uptake.report.words import exact_percent, length, of, people, percent

BOOKED = ("implement.waves.start", "implement.waves.every")
"""Rules by which a wave only waits for its booking."""

Behind = Callable[[Known, Audience | None], Found | None]


def definition(known: Known, _whom: Audience | None) -> Found | None:
    """The plan in a sentence."""
    return Found(value=known.plan.title, source=known.line("title"))


def scope(known: Known, whom: Audience | None) -> Found | None:
    """People, settings, waves."""
    waves = known.implement.waves
    if whom is None:
        number = count(len(waves.sizes), "wave")
        out = f", {exact_percent(waves.holdout)} held out" if waves.holdout else ""
        value = f"the people of {known.implement.audience.from_}, {number}{out}"
        return Found(value=value, source=known.line("implement.audience"))
    settings = {name for wave in whom.drawn.waves for name in wave.settings}
    places = f" in {count(len(settings), 'setting')}" if settings else ""
    out = f", {people(whom.held_out)} held out" if whom.held_out else ""
    value = f"{people(whom.people + whom.held_out)}{places}, {count(len(whom.inside), 'wave')}{out}"
    return Found(value=value, source=known.entry(whom.drawn.seq))


def timing(known: Known, whom: Audience | None) -> Found | None:
    """Since when, and how far it is."""
    if whom is None:
        start = known.implement.waves.start
        when = "once deployed" if start == "deployed" else f"on {start}"
        return Found(value=f"not begun; starts {when}", source=known.line("implement.waves.start"), mark="waiting")
    begun = known.at(whom.drawn.started_at)
    if whom.in_use is not None:
        value = f"begun {begun}, in use since {known.at(whom.in_use.at)}"
        return Found(value=value, source=known.entry(whom.in_use.seq), mark="ok")
    value = f"begun {begun}, {length(known.now - whom.drawn.started_at)} so far, not in use yet"
    return Found(value=value, source=known.entry(whom.drawn.seq), mark="going")


def focus(known: Known, whom: Audience | None) -> Found | None:
    """How many were let in, and how many use it."""
    if whom is None:
        return None
    let_in = sum(wave.people for wave in whom.open_waves)
    if not whom.looked:
        return Found(value=f"{of(let_in, whom.people, 'person', 'people')} let in", source=known.entry(whom.drawn.seq))
    value = f"{of(let_in, whom.people, 'person', 'people')} let in, {whom.whole.adopters:,} use it"
    return Found(value=value, source=known.seen(), mark="ok" if whom.in_use else "going")


def monitoring(known: Known, whom: Audience | None) -> Found | None:
    """When adoption was looked at, and how often it is."""
    if whom is None or not whom.looked:
        return None
    last = known.at(known.picture.observed.looked_at)
    value = f"last look {last}, every {known.implement.look}"
    adoption, total = known.implement.adoption, whom.whole
    if adoption.replaces:
        old = of(total.replaced, total.present, "person", "people")
        value += f"; {old} still used the old way ({adoption.replaces}) in the last {adoption.within}"
    told, mark = freshness(known)
    return Found(value=f"{value}; {told}" if told else value, source=known.seen(), mark=mark or "ok")


def adjusting(known: Known, whom: Audience | None) -> Found | None:
    """Which of the plan's rules have spoken."""
    if not known.implement.adjust:
        return None
    spoken = [n for n in known.picture.decisions if n.decision.rule.startswith("implement.adjust.")]
    rules = count(len(known.implement.adjust), "rule")
    if whom is None or not spoken:
        return Found(value=f"none yet of {rules}", source=known.line("implement.adjust"), mark="waiting")
    value = f"{count(len(spoken), 'adjustment')} made by {rules}"
    return Found(value=value, source=known.entry(spoken[-1].seq), mark="ok")


def timeline(known: Known, whom: Audience | None) -> Found | None:
    """Waves let in of all, and the time that has passed since the first."""
    if whom is None:
        waves = known.implement.waves
        value = f"not begun; {count(len(waves.sizes), 'wave')}, one every {waves.every} at the earliest"
        return Found(value=value, source=known.line("implement.waves.every"), mark="waiting")
    value = f"{of(len(whom.open_waves), len(whom.inside), 'wave')} open"
    first = known.picture.opened_at(wave_stage(0))
    if first is not None:
        value += f", {length(known.now - first)} since the first"
    done = len(whom.open_waves) == len(whom.inside)
    return Found(value=value, source=_state_source(known, whom), mark="ok" if done else "going")


def next_wave(known: Known, whom: Audience | None) -> Found | None:
    """When the next wave is booked, while one is left."""
    if whom is None:
        return None
    for wave in whom.inside:
        stage = wave_stage(wave.ordinal)
        if known.picture.opened_at(stage) is None:
            noted = known.last_noted.get(stage)
            if noted is None:
                return None
            at = booked_at(known, wave)
            booked = at is not None and noted.decision.rule in BOOKED
            value = f"wave {wave.ordinal + 1} is booked for {known.at(at)}" if at and booked else noted.decision.why
            return Found(value=value, source=known.entry(noted.seq), mark="waiting")
    return None


def gate_due(known: Known, whom: Audience | None) -> Found | None:
    """When the gate of the newest open wave is judged first, while that lies ahead."""
    if whom is None:
        return None
    for wave in reversed(whom.open_waves):
        opened = known.picture.opened_at(wave_stage(wave.ordinal))
        if opened is None or whom.state(wave) == "adopted":
            continue
        due = after(opened, gate_of(known.plan, known.picture, wave.ordinal).at, known.plan.timezone)
        if due > known.now:
            value = f"gate of wave {wave.ordinal + 1} is judged from {known.at(due)} on"
            return Found(value=value, source=known.line("implement.gate.at"), mark="waiting")
    return None


def used(known: Known, whom: Audience | None) -> Found | None:
    """The plan's adoption against its target."""
    if whom is None or whom.share is None:
        return None
    goal = exact_percent(whom.target)
    counts = whom.whole
    drawn = f", {counts.drawn:,} drawn" if counts.drawn != counts.present else ""
    word = "in use: " if whom.in_use is not None else ""
    adopted = of(counts.adopters, counts.present, "person", "people")
    value = f"{word}{adopted} = {percent(whom.share)}{drawn} (target {goal})"
    return Found(value=value, source=known.seen(), mark="ok" if whom.in_use is not None else "going")


def measuring(known: Known, whom: Audience | None) -> Found | None:
    """How the waves were drawn, and who used it too early to compare."""
    waves = known.implement.waves
    if whom is None:
        return None
    how = "drawn at random" if waves.order == "random" else "in the listed order"
    strata = f" within {' and '.join(waves.stratify)}" if waves.stratify and waves.order == "random" else ""
    early = whom.whole.early
    stray = f"; {people(early)} used it before their wave" if early else ""
    value = f"waves {how} by {waves.assign_by}{strata}{stray}; {outcomes.estimated(known)}"
    mark: Mark = "warn" if early or waves.order != "random" else "ok"
    return Found(value=value, source=known.seen() if early else known.entry(whom.drawn.seq), mark=mark)


def tasks(known: Known, _whom: Audience | None) -> Found | None:
    """How many of the half's tasks are done."""
    return tasks_found(known, "implement")


def desired(known: Known, _whom: Audience | None) -> Found | None:
    """What is known of the outcome that the plan is for."""
    return outcomes.desired(known)


BEHIND: dict[str, Behind] = {
    "putting a plan, decision or agreement into effect": definition,
    "broader: any plan, with or without software": scope,
    "the execution, until it is realised": timing,
    "the human and organisational aspects": focus,
    "training users": people_rows.training,
    "monitoring progress": monitoring,
    "making adjustments": adjusting,
    "longer-term: ongoing monitoring and adjustment over weeks and months": timeline,
    "used effectively": used,
    "the desired outcomes achieved": desired,
    "resistance to change": people_rows.friction,
    "lack of user buy-in": people_rows.buy_in,
    "difficulty measuring success": measuring,
    "user training": people_rows.user_training,
    "ongoing support": people_rows.support,
    "regular feedback": people_rows.feedback,
}
"""The phrase -> what stands behind it."""

MORE: tuple[tuple[str, str, Behind], ...] = (
    ("Timeline", "next wave", next_wave),
    ("Timeline", "next gate", gate_due),
    ("Success factors", "tasks", tasks),
)
"""Further lines of a row, each shown only while something stands behind it."""


OUTCOMES_ROW = "Goals"
"""The row below which each outcome has a line."""


def behind(known: Known, phrase: str) -> Found | None:
    """What stands behind a phrase of this column; None where nothing does, or the plan has no such half."""
    if known.plan.implement is None or phrase not in BEHIND:
        return None
    return BEHIND[phrase](known, known.whom)


def more(known: Known, row: str) -> tuple[tuple[str, Found], ...]:
    """The further lines of a row."""
    if known.plan.implement is None:
        return ()
    whom = known.whom
    found = [(phrase, what(known, whom)) for at, phrase, what in MORE if at == row]
    if row == OUTCOMES_ROW and whom is not None:
        found += outcomes.lines(known)
    return tuple((phrase, value) for phrase, value in found if value is not None)


def _state_source(known: Known, whom: Audience) -> str:
    """The newest decision on any wave, or the draw."""
    seqs = [noted.seq for stage, noted in known.last_noted.items() if stage.half == "implement"]
    return known.entry(max([whom.drawn.seq, *seqs]))
