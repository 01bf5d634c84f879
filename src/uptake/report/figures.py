"""All figures of Uptake, made in one place: what pages, `compare`, `status`, JSON and HTML show.

Pure: a plan as read, the picture of its ledger, and now; out comes a `Board`. A phrase of the
comparison that nothing stands behind is kept and says so. On the ring it follows every turn.
"""

from uptake.core.picture import Noted, Picture
from uptake.core.stage import Half
from uptake.core.time import Instant
from uptake.implement.targets import HALF, IN_USE
from uptake.plan.read import ReadPlan
from uptake.report import deploy_rows, implement_rows, outcomes
from uptake.report.batches import batches
from uptake.report.board import Board, Decided, Figure, Head, Question, RunShown
from uptake.report.comparison import COMPARISON
from uptake.report.failed import failures
from uptake.report.history import History
from uptake.report.hosts import hosts
from uptake.report.known import Found, Known
from uptake.report.looks import looks
from uptake.report.problems import problems
from uptake.report.run import Run
from uptake.report.sources import sources
from uptake.report.verdict import next_due, verdict
from uptake.report.waves import waves
from uptake.report.words import exact_percent, of, people, percent, stage_name

DECISIONS_MOST = 200
"""A board shows at most so many decisions, the newest; `why` knows all."""


def figures(
    read: ReadPlan,
    picture: Picture,
    now: Instant,
    *,
    seal: str = "",
    made_up: bool = False,
    history: History | None = None,
) -> Board:
    """The board of a plan at `now`.

    Args:
        read: the plan of the ledger's revision, or of the file where nothing was started.
        picture: the fold of its entries, an empty one where there are none.
        now: the moment shown; durations and ETA count from it.
        seal: the hash of the ledger's last entry.
        made_up: the picture comes from a rehearsal.
        history: the looks of the same entries; without it no curve is shown.
    """
    known = Known(read=read, picture=picture, now=now, made_up=made_up)
    plan = read.plan
    return Board(
        plan=plan.plan,
        file=known.file,
        title=plan.title,
        owner=plan.owner,
        revision=picture.revision or read.digest,
        timezone=plan.timezone,
        min_group=known.min_group,
        effects=outcomes.shown(known),
        now=now,
        verdict=verdict(known),
        problems=problems(known),
        heads=(_deploy_head(known), _implement_head(known)),
        figures=tuple(_rows(known)),
        waves=waves(known),
        hosts=hosts(known),
        decisions=decisions(known),
        head_seq=picture.seq,
        seal=seal,
        next_due=next_due(known),
        states=states(known),
        runs=tuple(_run(known, number) for number in range(len(picture.runs))),
        questions=tuple(
            Question(name=name, why=noted.decision.why, seq=noted.seq) for name, noted in picture.questions.items()
        ),
        batches=batches(known),
        looks=looks(known, history) if history is not None else (),
        sources=sources(known),
        failures=failures(known),
    )


def states(known: Known) -> dict[str, str]:
    """The state word of each half that the plan has."""
    found: dict[str, str] = {}
    run, whom = known.run, known.whom
    if known.plan.deploy is not None:
        settled = run is not None and run.state == "succeeded"
        half = "deployed" if run is not None and run.deployed is not None else "not deployed"
        found["deploy"] = "not begun" if run is None else half if settled else run.state
    if known.plan.implement is not None:
        word = known.picture.stage(HALF).state or "planned"
        still = whom is not None and whom.in_use is not None
        found["implement"] = "not begun" if whom is None else word
        if word in IN_USE and whom is not None and not still:
            found["implement"] = "adopting"
    return found


def _run(known: Known, index: int) -> RunShown:
    run = Run(plan=known.plan, picture=known.picture, now=known.now, run=known.picture.runs[index])
    return RunShown(
        number=run.number,
        version=run.run.version,
        state=run.state,
        started_at=run.run.started_at,
        ended_at=run.ended_at,
    )


def decisions(known: Known) -> tuple[Decided, ...]:
    """The newest decisions, newest first."""
    newest = known.picture.decisions[-DECISIONS_MOST:]
    return tuple(decided(known, noted) for noted in reversed(newest))


def decided(known: Known, noted: Noted) -> Decided:
    """A decision as text, with the plan line of its rule."""
    decision = noted.decision
    return Decided(
        seq=noted.seq,
        at=known.at(noted.at),
        half=decision.stage.half,
        stage=stage_name(decision.stage),
        verdict=decision.verdict,
        state=decision.state,
        why=decision.why,
        rule=decision.rule,
        evidence=decision.evidence,
        line=known.line_at(decision.rule, noted.seq) if is_of_plan(decision.rule) else "",
        at_ms=noted.at,
        run=decision.stage.run,
        ordinal=decision.stage.ordinal,
        question=decision.question,
    )


def is_of_plan(rule: str) -> bool:
    """Whether a rule is a key of the plan, and not a person's word."""
    return rule.partition(".")[0] in ("deploy", "implement")


def _rows(known: Known) -> list[Figure]:
    found: list[Figure] = []
    for row, deploy, implement in COMPARISON:
        found += [_figure(known, (row, "deploy", phrase), deploy_rows.behind(known, phrase)) for phrase in deploy]
        found += [_figure(known, (row, "deploy", phrase), what) for phrase, what in deploy_rows.more(known, row)]
        found += [_figure(known, (row, "implement", p), implement_rows.behind(known, p)) for p in implement]
        found += [_figure(known, (row, "implement", p), what) for p, what in implement_rows.more(known, row)]
    return found


def _figure(known: Known, place: tuple[str, Half, str], found: Found | None) -> Figure:
    row, half, phrase = place
    if found is None:
        return Figure(row=row, half=half, phrase=phrase)
    assert found.source, f"{phrase}: {found.value} has no source"
    sure = "made up" if known.made_up and found.source.startswith("entry") else found.sure
    return Figure(
        row=row,
        half=half,
        phrase=phrase,
        value=found.value,
        unit=found.unit,
        source=found.source,
        sure=sure,
        mark=found.mark,
    )


def _deploy_head(known: Known) -> Head | None:
    if known.plan.deploy is None:
        return None
    run = known.run
    if run is None:
        return Head(half="deploy", number="0", caption="nothing deployed yet", share=0.0)
    total = len(run.run.hosts)
    excluded = f", {len(run.run.excluded)} excluded" if run.run.excluded else ""
    caption = f"{'host' if total == 1 else 'hosts'} healthy{excluded}"
    healthy = len(run.healthy)
    since = known.at(run.deployed.at) if run.deployed is not None else ""
    share = healthy / total if total else 0.0
    return Head(half="deploy", number=of(healthy, total), caption=caption, share=share, since=since)


def _implement_head(known: Known) -> Head | None:
    if known.plan.implement is None:
        return None
    target = known.implement.adoption.target
    goal = f"target {exact_percent(target)}"
    whom = known.whom
    if whom is None:
        return Head(half="implement", number="0", caption=f"nobody let in yet, {goal}", share=0.0, target=target)
    if whom.share is None:
        caption = f"let in, {goal}"
        let_in = sum(wave.people for wave in whom.open_waves)
        return Head(half="implement", number=of(let_in, whom.people), caption=caption, share=0.0, target=target)
    caption = f"of {people(whom.whole.present)} adopted, {goal}"
    since = known.at(whom.in_use.at) if whom.in_use is not None else ""
    number = percent(whom.share)
    return Head(half="implement", number=number, caption=caption, share=whom.share, target=target, since=since)
