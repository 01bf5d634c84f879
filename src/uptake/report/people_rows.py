"""What stands behind the phrases on people themselves: training, help, answers, and what is in the way.

Sums over the waves that were invited or let in, never of fewer people than the plan's `min_group`. Nothing is inferred
about anybody's feelings: the old way still used, sessions missed and barriers named are told as what they are.
"""

from uptake.core.look import Surveyed, Trained
from uptake.report.audience import Audience
from uptake.report.known import Found, Known
from uptake.report.words import of, people, percent
from uptake.survey.instruments import INSTRUMENTS

WEEK_OF = 100
"""Requests for help are told per so many people a week."""
WORDS = {"capability": "not knowing how", "opportunity": "no time or occasion", "motivation": "not seeing what for"}
"""Barriers in words."""


def training(known: Known, _whom: Audience | None) -> Found | None:
    """How many of the invited are trained, and how many have missed a session."""
    total = _trained(known)
    if known.implement.train is None or total is None:
        return None
    value = f"{of(total.trained, total.invited, 'person', 'people')} trained"
    value += f"; {people(total.missed)} missed a session" if total.missed else ""
    return Found(value=value, source=known.seen(), mark="ok" if total.trained == total.invited else "going")


def user_training(known: Known, _whom: Audience | None) -> Found | None:
    """The share trained, and who came to a further session."""
    total = _trained(known)
    if known.implement.train is None or total is None:
        return None
    value = f"{percent(total.trained / total.invited)} of {people(total.invited)} invited are trained"
    value += f", {people(total.attended_later)} at a further session" if total.attended_later else ""
    needed = known.implement.train.needed
    return Found(value=value, source=known.seen(), mark="ok" if total.trained >= needed * total.invited else "warn")


def _trained(known: Known) -> Trained | None:
    """All invited waves together; None before the first look, or while they are fewer than may be told."""
    waves = [seen for seen in known.picture.observed.training if seen.invited]
    invited = sum(seen.invited for seen in waves)
    if not waves or invited < known.min_group:
        return None
    return Trained(
        wave=-1,
        people=sum(seen.people for seen in waves),
        invited=invited,
        trained=sum(seen.trained for seen in waves),
        missed=sum(seen.missed for seen in waves),
        attended_later=sum(seen.attended_later for seen in waves),
    )


def support(known: Known, _whom: Audience | None) -> Found | None:
    """How much help is asked for, and where it is given."""
    declared = known.implement.support
    if declared is None:
        return None
    seen = known.picture.observed.tickets
    weeks = sum(one.person_weeks for one in seen)
    counted = declared.tickets is not None or any(one.tickets for one in seen)  # posted ones are declared nowhere
    if not counted or not weeks:
        return Found(value=f"help: {declared.contact}", source=known.line("implement.support.contact"))
    tickets = sum(one.tickets for one in seen)
    value = f"{tickets:,} requests for help, {WEEK_OF * tickets / weeks:.3g} per {WEEK_OF} people a week"
    return Found(value=f"{value}; help: {declared.contact}", source=known.seen())


def feedback(known: Known, _whom: Audience | None) -> Found | None:
    """How many have answered, of those who were asked."""
    total = _answers(known)
    if total is None:
        return None
    if not total.answered:
        value = f"{people(total.asked)} asked; fewer than {known.min_group} answers, so none is told"
        return Found(value=value, source=known.seen(), mark="waiting")
    instrument = INSTRUMENTS[total.survey]
    value = f"{of(total.answered, total.asked, 'person', 'people')} answered; "
    value += f"score {total.score:.3g} of {instrument.best:g} ({instrument.label})"
    return Found(value=value, source=known.seen(), mark="ok")


def buy_in(known: Known, _whom: Audience | None) -> Found | None:
    """What most people say is in the way."""
    total = _answers(known)
    if total is None or not total.answered or not any("barrier" in one.with_ for one in known.implement.ask):
        return None
    named = sorted((one for one in total.barriers if one[0] in WORDS), key=lambda one: -one[1])
    if not named:
        return Found(value="no barrier is named by enough people to be told", source=known.seen(), mark="ok")
    told = "; ".join(f"{WORDS[name]} ({name}): {number}" for name, number in named)
    return Found(value=f"in the way of {people(total.answered)} who answered: {told}", source=known.seen(), mark="warn")


def _answers(known: Known) -> Surveyed | None:
    """All waves' published answers to the plan's surveys together; None where nobody was asked yet."""
    seen = [one for one in known.picture.observed.surveys if one.wave == -1 and one.asked]
    return seen[-1] if seen and known.implement.ask else None


def friction(known: Known, whom: Audience | None) -> Found | None:
    """Friction signals: the old way still used by people who were let in, sessions missed."""
    if whom is None or not whom.looked:
        return None
    inside = [known.picture.answer(wave.ordinal) for wave in whom.open_waves]
    seen = [answer for answer in inside if answer is not None]
    here = sum(answer.present for answer in seen)
    if here < known.min_group:
        return None
    signals: list[str] = []
    if known.implement.adoption.replaces:
        old = sum(answer.replaced for answer in seen)
        signals.append(
            f"{of(old, here, 'person', 'people')} let in used the old way in the last {known.implement.adoption.within}"
        )
    total = _trained(known)
    if known.implement.train is not None and total is not None:
        signals.append(f"{people(total.missed)} missed a session")
    if not signals:
        return None
    return Found(value="friction signals: " + "; ".join(signals), source=known.seen())
