"""A deploy that is asked for from elsewhere: looked at first, begun once, said under a name with a reason.

The word of somebody who cannot answer questions on a terminal. It appends what `uptake deploy` appends, with the
hosts as they are now; the loop, in whatever process, does the work. A repeat with the same key begins nothing.
"""

from pathlib import Path

from uptake.app.change import change_of, told_in
from uptake.app.facts import refuse_mistakes
from uptake.app.opened import Opened, open_plan
from uptake.app.ring import make_site
from uptake.app.start import By, Started, deploy_of, refuse_edited, resolve_hosts, start_deploy, told_before
from uptake.app.word import Taken, Word, check_word
from uptake.core.picture import Picture
from uptake.core.problem import Refused
from uptake.core.stage import HostFact
from uptake.core.time import Instant
from uptake.deploy.gates import run_state

PROBLEMS_MOST = 50
"""At most so many problems of hosts are told."""


def order(path: Path, word: Word, *, who: str, now: Instant) -> Taken:
    """Begin a run of the version that a word names, or of the plan's own, and return the word's entry.

    The plan is opened anew: its file may have been edited since the server has begun.

    Args:
        path: the plan file.
        word: `deploy`, with `version` in its data, and what the run brings.
        who: as the token knows them.
        now: when.

    Raises:
        Refused: no deploy half, mistakes in a plan that was never started, an edited plan, hosts on which nothing can
            be begun, another run under way, or a key that stands for another version.
    """
    check_word(word, str(path))
    opened = open_plan(path)
    try:
        started = _order(opened, word, who, now)
    finally:
        opened.store.close()
    return Taken(seq=started.seq, new=started.how in ("begun", "resumed"))


def _order(opened: Opened, word: Word, who: str, now: Instant) -> Started:
    picture = opened.picture()
    version = str(word.data.get("version", "")) or deploy_of(opened).version
    told_at, told = word.data.get("told_at", 0), told_in(word.data)
    by = By(
        who=who,
        why=word.why,
        key=word.key,
        ticket=str(word.data.get("ticket", "")),
        told_at=told_at if isinstance(told_at, int) else 0,
        change=change_of(told, opened.read.plan.timezone, now) if told is not None else None,
    )
    if not by.key and deploy_of(opened).observed is not None and _is_told_again(picture, version):
        assert picture.run is not None
        return Started(number=picture.run.number, how="under way", seq=picture.run.seq)
    hosts: tuple[HostFact, ...] = ()
    if told_before(picture, by) is None:
        refuse_edited(opened, picture)
        if not picture.revision:
            refuse_mistakes(opened.path)
        hosts = _hosts(opened, picture, version)
    return start_deploy(opened, version=version, hosts=hosts, now=now, by=by)


def _is_told_again(picture: Picture, version: str) -> bool:
    """Whether others tell, without an id, what they have told last."""
    run = picture.run
    return run is not None and run.version == version and run_state(picture, run) in ("running", "held", "succeeded")


def _hosts(opened: Opened, picture: Picture, version: str) -> tuple[HostFact, ...]:
    """The plan's hosts now; where a run is to begin they are looked at, and nothing is begun on what is not ready."""
    run, observed = picture.run, deploy_of(opened).observed
    if observed is not None or (run is not None and run_state(picture, run) in ("running", "held")):
        return resolve_hosts(opened)
    from uptake.connect.hosts.crew import Crew

    crew = Crew(make_site(opened, deploy_of(opened)))
    try:
        report = crew.look(opened.read, version=version, folder=opened.folder, first=not picture.runs)
    finally:
        crew.end()
    if report.fatal:
        raise Refused(*report.fatal[:PROBLEMS_MOST])
    return crew.hosts
