"""The personnel export read again: joiners, movers and leavers come in, nobody changes wave, nonsense stays out."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptake.app.audience import bring_in
from uptake.app.opened import Opened, open_plan, say
from uptake.app.start import read_audience, start_implement
from uptake.cli.verify import verified
from uptake.connect.feeds.people import Export
from uptake.connect.feeds.worker import Spoilt
from uptake.core.entry import Said
from uptake.core.time import Instant

PLAN = """
plan: people
title: People come and go
implement:
  audience: {{from: people.csv, id: id, setting: {setting}, attributes: [site, email], refresh: 1d, refuse_above: 20%}}
  waves: {{assign_by: {unit}, sizes: [40%, 40%], holdout: 20%, every: 1d, order: {order}}}
  adoption: {{event: used, count: 1, within: 1d, target: 50%}}
  gate: {{adoption: 50%, at: 1d}}
"""
NOW = Instant(1_800_000_000_000)
Rows = dict[str, tuple[str, str]]


def write(folder: Path, rows: Rows) -> None:
    lines = "".join(f"{who},{team},s,{mail}\n" for who, (team, mail) in rows.items())
    (folder / "people.csv").write_text("id,team,site,email\n" + lines)


def begun(folder: Path, rows: Rows, *, unit: str = "setting", order: str = "random") -> Opened:
    (folder / "plan.yaml").write_text(PLAN.format(setting="team", unit=unit, order=order))
    write(folder, rows)
    opened = open_plan(folder / "plan.yaml")
    start_implement(opened, read_audience(opened), now=NOW)
    return opened


def reader(opened: Opened) -> Callable[[], None]:
    implement = opened.read.plan.implement
    assert implement is not None
    export = Export(
        implement.audience,
        folder=opened.folder,
        directory=opened.store.directory,
        approved=lambda mark: f"audience-{mark[:8]}" in opened.picture().approved,
        bring_in=lambda people, found, now: bring_in(opened, people, found, now),
    )

    def read() -> None:
        export(last=Instant(0), now=NOW)

    return read


def waves(opened: Opened) -> dict[str, int | None]:
    return {person.external_id: person.wave for person in opened.store.directory.people()}


def house(teams: int = 10, each: int = 4) -> Rows:
    return {f"p{t}-{i}": (f"team-{t}", f"p{t}-{i}@example.org") for t in range(teams) for i in range(each)}


def test_who_joins_gets_her_teams_wave_and_who_moves_keeps_hers(tmp_path: Path) -> None:
    rows = house()
    opened = begun(tmp_path, rows)
    before = waves(opened)
    rows["new-1"], rows["new-2"] = ("team-3", "n1@example.org"), ("team-99", "n2@example.org")
    rows["p0-0"] = ("team-5", "p0-0@example.org")
    del rows["p1-1"]
    write(tmp_path, rows)
    reader(opened)()
    after = waves(opened)
    assert {who: after[who] for who in before} == before
    assert after["new-1"] == before["p3-0"]
    assert after["new-2"] in (0, 1, 2)
    picture = opened.picture()
    said = picture.words[-1].said
    assert (said.what, said.who) == ("audience", "personnel export")
    assert {key: said.data[key] for key in ("joined", "left", "moved", "people")} == {
        "joined": 2,
        "left": 1,
        "moved": 1,
        "people": 41,
    }
    assert picture.drawn is not None
    assert sum(wave.people for wave in picture.drawn.waves) == 42
    seq = picture.seq
    reader(opened)()
    assert opened.picture().seq == seq, "the same export again says nothing"
    assert [check.name for check in verified(opened) if not check.ok] == []
    rows["p1-1"] = ("team-1", "p1-1@example.org")
    write(tmp_path, rows)
    reader(opened)()
    assert waves(opened)["p1-1"] == before["p1-1"], "who returns keeps her wave"
    opened.store.close()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('id,team,site,email\np0-0,"team-0', "line 2"),
        ("id,team,site,email\np0-0,team-0,s,\np0-0,team-0,s,\n", "line 3"),
        ("id,team,site\np0-0,team-0,s\n", "line 1"),
        ("", "empty"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line_and_changes_nothing(tmp_path: Path, text: str, word: str) -> None:
    opened = begun(tmp_path, house())
    before, seq = opened.store.directory.people(), opened.picture().seq
    (tmp_path / "people.csv").write_text(text)
    with pytest.raises(Spoilt, match=word) as spoilt:
        reader(opened)()
    assert spoilt.value.mark == ""
    assert (opened.store.directory.people(), opened.picture().seq) == (before, seq)
    opened.store.close()


def test_undeclared_cp1252_is_refused_with_its_line(tmp_path: Path) -> None:
    opened = begun(tmp_path, house())
    text = (tmp_path / "people.csv").read_bytes() + "p9-9,team-9,Zürich,\n".encode("cp1252")
    (tmp_path / "people.csv").write_bytes(text)
    with pytest.raises(Spoilt, match="line 42"):
        reader(opened)()
    opened.store.close()


@pytest.mark.parametrize("what", ["half", "moved", "rehired"])
def test_what_can_hardly_be_true_is_asked_and_may_be_let_in_as_it_is(tmp_path: Path, what: str) -> None:
    rows = house()
    opened = begun(tmp_path, rows)
    before = waves(opened)
    if what == "half":
        rows = dict(list(rows.items())[:20])
    elif what == "moved":
        rows = {who: ("team-0", mail) for who, (_, mail) in rows.items()}
    else:
        gone = rows.pop("p2-2")
        write(tmp_path, rows)
        reader(opened)()
        rows["p2-2"] = (gone[0], "somebody.else@example.org")
    write(tmp_path, rows)
    for _ in range(2):
        with pytest.raises(Spoilt) as spoilt:
            reader(opened)()
    assert {"half": "20 of 40", "moved": "36 of 40", "rehired": "p2-2"}[what] in spoilt.value.detail
    question = f"audience-{spoilt.value.mark[:8]}"
    say(opened, lambda _: Said(what="approve", who="kim", data={"question": question}), now=NOW)
    reader(opened)()
    assert {who: waves(opened)[who] for who in before} == before
    here = [person.external_id for person in opened.store.directory.people() if person.present]
    assert sorted(here) == sorted(rows)
    opened.store.close()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), unit=st.sampled_from(["person", "setting"]))
def test_whatever_comes_and_goes_nobody_changes_wave(
    tmp_path_factory: pytest.TempPathFactory, seed: int, unit: str
) -> None:
    draws = random.Random(seed)
    rows = house()
    opened = begun(tmp_path_factory.mktemp("people"), rows, unit=unit)
    first: dict[str, int | None] = {}
    read = reader(opened)
    for step in range(4):
        for who in draws.sample(sorted(rows), 3):
            del rows[who]
        for who in draws.sample(sorted(rows), 3):
            rows[who] = (f"team-{draws.randrange(12)}", rows[who][1])
        for number in range(4):
            who = f"new-{step}-{number}"
            rows[who] = (f"team-{draws.randrange(14)}", f"{who}@example.org")
        write(opened.folder, rows)
        first = waves(opened) | first
        read()
        now = waves(opened)
        assert all(now[who] == wave for who, wave in first.items() if wave is not None)
        assert all(now[who] is not None for who in rows)
        drawn = opened.picture().drawn
        assert drawn is not None
        assert sum(wave.people for wave in drawn.waves) == len(now)
    assert [(check.name, check.what) for check in verified(opened) if not check.ok] == []
    opened.store.close()
