"""kill -9 of controller and child at random points of a deploy: resumed, every command was done once."""

import pytest

from tests.connect.hosts.killing import kill_until_done, write, wrong

KILLS = 5
"""The long form is bench/deploy_kill.py."""


@pytest.mark.slow
def test_every_command_once(make_fleet, tmp_path):
    """Steps that may not run twice, of several commands, a daemon's start and uploads, killed again and again."""
    running = make_fleet(3)
    write(running, tmp_path)
    told = kill_until_done(tmp_path, kills=KILLS, seed=11, span_s=1.6)
    assert told.kills
    assert wrong(running) == {}
