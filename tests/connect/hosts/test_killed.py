"""kill -9 of controller and child at random points of a deploy: resumed, every command was done once."""

from dataclasses import replace

import pytest

from tests.connect.hosts.killing import kill_until_done, write, wrong
from tests.connect.hosts.site import deploy, shell, soon, step, working
from tests.fleet import Fleet

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


CUT = "echo begun >>{data.base}/log; while ! [ -e {data.base}/go ]; do sleep 0.1; done; echo done >>{data.base}/log"


def test_a_host_that_loses_power_in_a_step(tmp_path):
    """Its step that must not run twice is in doubt and named, not run again unasked; then a person goes on."""
    (tmp_path / "plan").mkdir()
    with Fleet.start(n=3, mode="plain", folder=tmp_path / "fleet") as fleet:
        half = deploy(replace(shell(CUT), idempotent=False))
        cut, *others = fleet.hosts
        with working(fleet, tmp_path / "plan", half) as work:
            work.worker.accept(step(half, "configuration", 0, work.hosts))
            soon(
                "the step runs everywhere",
                lambda: [said.split() for said in work.run("cat $HOME/log 2>/dev/null || true")] == [["begun"]] * 3,
            )
            fleet.power_cycle(cut.name)
            for host in others:
                host.run("touch $HOME/go")
            first = work.outcome()
            assert first.counts == {"done": 2, "unreachable": 1}
            assert first.failures[0].target == cut.name
        with working(fleet, tmp_path / "plan", half) as work:
            second = work.configure()
            assert second.counts == {"done": 2, "in doubt": 1}
            (doubt,) = second.failures
            assert (doubt.target, doubt.state) == (cut.name, "in doubt")
            assert "when the host went down" in doubt.lines[0]
            assert cut.run("cat $HOME/log").split() == ["begun"]
            cut.run("touch $HOME/go")
            assert work.configure().counts == {"done": 3}
            assert cut.run("cat $HOME/log").split() == ["begun", "begun", "done"]
            assert [host.run("cat $HOME/log").split() for host in others] == [["begun", "done"]] * 2
