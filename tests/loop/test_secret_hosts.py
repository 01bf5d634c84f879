"""A secret in a deploy on real SSH hosts: used there, and found in no state, output, process list or kept output."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fleet import Fleet
from tests.fleet.plugin import why_not
from tests.loop.test_secret import CORE, OWN, found, leaks, uptake, watched

KEPT = f"kept-{CORE}-kept"
PLAN = """\
plan: secret
title: A deploy with a secret
deploy:
  service: secret
  version: "1"
  environment: test
  hosts: {inventory: inventory.csv}
  configuration:
    - server.shell:
        commands: 'printf %s "$WORD" >{data.base}/word; echo said "$WORD"; sleep 0.3'
        _env: {WORD: "env:P_OWN"}
    - server.shell: {commands: 'echo no "$WORD" >&2; exit FAIL', _env: {WORD: "file:word"}}
  update:
    health:
      checks: [{tcp: "{host}:{data.ssh_port}"}]
      interval: 0.3s
      timeout: 1s
      min_healthy_time: 0.5s
      healthy_deadline: 5s
    on_failure: hold
"""


@pytest.mark.slow
def test_a_secret_of_a_deploy_stays_where_it_is(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    if why_not("plain"):
        pytest.skip(why_not("plain"))
    with ExitStack() as stack:
        fleet = stack.enter_context(Fleet.start(n=2, mode="auto", folder=tmp_path_factory.mktemp("fleet")))
        fleet.inventory_csv(tmp_path / "inventory.csv")
        (tmp_path / "word").write_text(KEPT + "\n")
        (tmp_path / "plan.yaml").write_text(PLAN.replace("FAIL", "0"))
        env = {"P_OWN": OWN}
        with watched() as lines:
            code, said = uptake(tmp_path, env, "deploy", "plan.yaml", "--yes")
            assert code == 0, said
            for words in (("status", "--json"), ("compare", "--json"), ("why", "all"), ("compare", "--html", "c.html")):
                said += uptake(tmp_path, env, words[0], "plan.yaml", *words[1:])[1]
        for host in fleet.hosts:
            assert host.run(f"cat {host.base}/word") == OWN
            assert host.run(f"grep -rl {CORE} {host.base}/.uptake || true") == ""
        other = tmp_path / "failing"
        other.mkdir()
        for name in ("inventory.csv", "word"):
            (other / name).write_bytes((tmp_path / name).read_bytes())
        (other / "plan.yaml").write_text(PLAN.replace("FAIL", "9").replace("plan: secret", "plan: failing"))
        with watched() as more:
            code, failed = uptake(other, env, "deploy", "plan.yaml", "--yes")
        assert code in (1, 3), failed
        assert "no ***" in failed
    assert not found(said + failed), said + failed
    assert lines + more == []
    assert leaks(tmp_path, but=("word",)) == []
