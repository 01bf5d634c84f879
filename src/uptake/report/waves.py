"""Waves as a board shows them: state, k of n with the 95 % Wilson interval as of the last look, opened or booked.

It arranges what `audience` knows, one value per wave. Before a wave is open and looked at there is
no share.
"""

from uptake.core.stage import WaveFact
from uptake.core.time import Instant, after
from uptake.implement.gates import gate_of
from uptake.implement.steps import booked
from uptake.implement.targets import wave_stage
from uptake.measure.proportion import wilson
from uptake.report.audience import Audience
from uptake.report.board import Wave
from uptake.report.known import Known


def waves(known: Known) -> tuple[Wave, ...]:
    """Every wave as drawn, the holdout last."""
    people = known.whom
    return tuple(_wave(known, people, wave) for wave in people.drawn.waves) if people is not None else ()


def _wave(known: Known, people: Audience, wave: WaveFact) -> Wave:
    stage = wave_stage(wave.ordinal)
    opened = known.picture.opened_at(stage)
    answer = known.picture.answer(wave.ordinal)
    present = answer.present if answer is not None else wave.people
    small = present < known.min_group
    looked = answer is not None and opened is not None and known.picture.observed.looked_at >= opened
    counted = looked and not small
    adopters = answer.adopters if answer is not None and counted else 0
    at, noted = booked_at(known, wave), known.last_noted.get(stage)
    low, high = wilson(adopters, present) if counted else (None, None)
    return Wave(
        number=wave.ordinal + 1,
        name="Holdout" if wave.holdout else f"Wave {wave.ordinal + 1}",
        people=wave.people,
        present=present,
        state=people.state(wave),
        adopters=adopters,
        share=(adopters / present if present else 0.0) if counted else None,
        low=low,
        high=high,
        opened=known.at(opened) if opened is not None else "",
        booked=known.at(at) if at is not None else "",
        holdout=wave.holdout,
        gate=None if wave.holdout else gate_of(known.plan, known.picture, wave.ordinal).adoption,
        settings=", ".join(wave.settings),
        opened_at=opened,
        booked_at=at,
        training_at=known.picture.stage(stage).first.get("training"),
        small=looked and small,
        gate_at=_gate_at(known, wave, opened or at),
        seq=noted.seq if noted is not None else people.drawn.seq,
    )


def _gate_at(known: Known, wave: WaveFact, base: Instant | None) -> Instant | None:
    """From when on its gate is judged, by its opening or its booking."""
    if wave.holdout or base is None:
        return None
    return after(base, gate_of(known.plan, known.picture, wave.ordinal).at, known.plan.timezone)


def booked_at(known: Known, wave: WaveFact) -> Instant | None:
    """When a wave that is not open yet is booked; None for the holdout, and while no start is known."""
    if wave.holdout or known.picture.opened_at(wave_stage(wave.ordinal)) is not None:
        return None
    return booked(known.plan, known.picture, wave.ordinal)
