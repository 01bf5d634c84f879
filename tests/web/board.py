"""A board with values of every kind that the page must show: held, failed, rolled back, not measured."""

from collections.abc import Iterator
from dataclasses import replace

from uptake.core.decision import Evidence
from uptake.core.picture import Picture
from uptake.core.time import Instant
from uptake.plan.read import read_plan
from uptake.report.board import Board, Decided, Figure, Head, Host, Wave
from uptake.report.comparison import COMPARISON
from uptake.report.figures import figures as figures_of

NOW = Instant(1_799_654_400_000)
PLAN = """\
implement:
  audience: {from: people.csv, id: id}
  waves: {assign_by: person, sizes: [100%], every: 1d}
  gate: {adoption: 60%, at: +1d}
  adoption: {event: used, count: 1, within: 7d, target: 80%}
"""


def sample_board() -> Board:
    return replace(
        figures_of(read_plan("plan: helpdesk\ntitle: Roundup\n" + PLAN, file="plan.yaml"), Picture(), NOW),
        title="Roundup replaces the shared mailbox",
        owner="it-services@example.org",
        timezone="Europe/Berlin",
        verdict="Deployed on 11 of 12 hosts, 1 excluded. In use by 36% of 120 people <b>not bold</b>.",
        problems=("Wave 2 is held: adoption 31%, wanted 60%. Answer with: uptake approve",),
        heads=(
            Head(half="deploy", number="11 of 12", caption="hosts healthy, 1 excluded", share=11 / 12),
            Head(half="implement", number="36%", caption="adopted, target 80%", share=0.36, target=0.8),
        ),
        figures=tuple(figures()),
        waves=tuple(waves()),
        hosts=tuple(hosts()),
        decisions=tuple(decisions()),
        head_seq=50,
        seal="f" * 64,
    )


def figures() -> Iterator[Figure]:
    for row, deploy, implement in COMPARISON:
        for half, phrases in (("deploy", deploy), ("implement", implement)):
            for number, phrase in enumerate(phrases):
                if number % 2:
                    yield Figure(row=row, half=half, phrase=phrase)
                else:
                    yield Figure(
                        row=row,
                        half=half,
                        phrase=phrase,
                        value="11 of 12",
                        unit="hosts",
                        source="entry 41",
                        sure="counted",
                        mark="ok",
                    )


def waves() -> Iterator[Wave]:
    states = [("adopted", 0.62), ("held", 0.31), ("adopting", 0.1), ("planned", None), ("", None)]
    for number, (state, share) in enumerate(states, start=1):
        yield Wave(
            number=number,
            name=f"Wave {number}" if number < 5 else "Holdout",
            people=30,
            present=29,
            state=state,
            adopters=18 if share else 0,
            share=share,
            low=max(0.0, share - 0.17) if share else None,
            high=share + 0.17 if share else None,
            gate=0.6 if share else None,
            opened="11 Jan 2027, 09:00" if share else "",
            booked="8 Feb 2027" if state == "planned" else "",
            holdout=number == 5,
        )


def hosts() -> Iterator[Host]:
    states = ["healthy", "healthy", "unhealthy", "excluded", "running", "pending"]
    for number, state in enumerate(states, start=1):
        yield Host(
            name=f"web-{number:02}",
            batch=f"Batch {1 if number == 1 else 2}",
            state=state,
            version="2.6.0",
            detail="http://10.0.0.7:8080/t/ answered 502, wanted 200" if state == "unhealthy" else "",
            since="24 Nov, 19:40",
        )


def decisions() -> Iterator[Decided]:
    known = [("hold", "held"), ("advance", "succeeded"), ("rollback", "rolled back"), ("adjust", "adopting")]
    for number, (verdict, state) in enumerate(known):
        yield Decided(
            seq=50 - number,
            at="24 Nov, 19:40",
            half="implement" if number % 2 else "deploy",
            stage="wave 2" if number % 2 else "batch 1",
            verdict=verdict,
            state=state,
            why="Adoption is 9 of 29, wanted 60%.",
            rule="implement.gate",
            evidence=(Evidence(what="adopters", seen="9 of 29", wanted="60%", source="plan.yaml:31"),),
            line="plan.yaml:31",
        )
