"""A release fails after batch 2 behind a real haproxy, and no client with it. The long form is a bench."""

from pathlib import Path

import pytest

from tests.cli.draining import behind_a_balancer
from tests.fleet import Fleet
from tests.fleet.plugin import why_not

HOSTS, PARALLEL = 5, 2


@pytest.mark.slow
def test_nobody_is_failed_while_a_release_fails_and_goes_back(tmp_path: Path) -> None:
    if why_not("plain"):
        pytest.skip(why_not("plain"))
    folder = tmp_path / "plan"
    folder.mkdir()
    with (
        Fleet.start(n=HOSTS, mode="auto", folder=tmp_path / "fleet") as fleet,
        behind_a_balancer(fleet, folder, parallel=PARALLEL) as site,
    ):
        site.plan(draining=True)
        first = site.deploy("1")
        assert first.returncode == 0, first.stdout + first.stderr
        assert site.up() == HOSTS
        with site.ask_all_the_while() as seen:
            broken = site.deploy("broken")
        assert broken.returncode == 4, broken.stdout + broken.stderr
        assert set(site.told().values()) == {"1"}
        assert seen.versions == {"1", "broken"}
        assert (seen.failed, min(seen.up)) == (0, HOSTS - PARALLEL), (seen.posts, seen.failed, min(seen.up))
        assert seen.posts > 100
