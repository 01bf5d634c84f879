"""Starting the implement half: one draw whoever begins it, however often it is cut short."""

import threading
from collections import Counter
from pathlib import Path

import pytest

from uptake.app.opened import Opened, open_plan
from uptake.app.start import _committed_seed, _frozen, read_audience, start_implement
from uptake.cli.verify import verified
from uptake.core.problem import Refused
from uptake.core.time import Instant

NOW = Instant(1_800_000_000_000)
PLAN = """
plan: policy
title: Meetings end at five to
implement:
  audience: {from: people.csv, id: id}
  waves: {assign_by: person, sizes: [50%, 50%], start: "2026-01-01", every: 1d}
  gate: {adoption: 50%, at: 1d}
  adoption: {event: ended.early, count: 1, within: 1d, target: 50%}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plan.yaml").write_text(PLAN)
    write_people(tmp_path, 20)
    return tmp_path


def write_people(folder: Path, many: int) -> None:
    (folder / "people.csv").write_text("id\n" + "".join(f"p{number}\n" for number in range(many)))


def opened_in(folder: Path) -> Opened:
    return open_plan(folder / "plan.yaml")


def words(opened: Opened) -> Counter[str]:
    return Counter(spoken.said.what for spoken in opened.picture().words)


def start(folder: Path) -> str:
    opened = opened_in(folder)
    try:
        return start_implement(opened, read_audience(opened), now=NOW).how
    finally:
        opened.store.close()


@pytest.mark.parametrize("go", range(3))
def test_of_starts_at_the_same_moment_one_draws(folder: Path, go: int) -> None:
    del go
    barrier, hows = threading.Barrier(4), list[str]()

    def begin() -> None:
        barrier.wait()
        hows.append(start(folder))

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(hows) == {"begun": 1, "under way": 3}
    opened = opened_in(folder)
    assert words(opened) == {"commit": 1, "freeze": 1, "start": 1}
    assert all(check.ok for check in verified(opened))
    opened.store.close()


def test_a_start_cut_short_goes_on_with_its_seed_and_its_audience(folder: Path) -> None:
    opened = opened_in(folder)
    seed = _committed_seed(opened, NOW)
    _frozen(opened, read_audience(opened), NOW)
    opened.store.close()
    write_people(folder, 30)
    assert start(folder) == "begun"
    opened = opened_in(folder)
    picture = opened.picture()
    assert picture.drawn is not None
    assert picture.drawn.seed == seed
    assert sum(wave.people for wave in picture.drawn.waves) == 20
    assert words(opened) == {"commit": 1, "freeze": 1, "start": 1}
    assert all(check.ok for check in verified(opened))
    opened.store.close()


def test_an_audience_that_was_not_frozen_yet_is_read_again(folder: Path) -> None:
    opened = opened_in(folder)
    opened.store.directory.freeze(read_audience(opened))
    opened.store.close()
    write_people(folder, 12)
    assert start(folder) == "begun"
    opened = opened_in(folder)
    assert sum(wave.people for wave in opened.picture().drawn.waves) == 12  # type: ignore[union-attr]
    assert all(check.ok for check in verified(opened))
    opened.store.close()


def test_a_start_keeps_the_number_of_a_change_ticket_and_no_other_text(folder: Path) -> None:
    opened = opened_in(folder)
    with pytest.raises(Refused):
        start_implement(opened, read_audience(opened), now=NOW, ticket="not a ticket")
    assert start_implement(opened, read_audience(opened), now=NOW, ticket="CHG0012345").how == "begun"
    (said,) = [spoken.said for spoken in opened.picture().words if spoken.said.what == "start"]
    assert said.data["ticket"] == "CHG0012345"
    opened.store.close()
