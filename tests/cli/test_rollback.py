"""`uptake rollback`: the version before is there again, on this machine as a host; what cannot go back is refused."""

import json
from pathlib import Path

from tests.elsewhere import Elsewhere
from tests.web.test_deployments import PLAN as OBSERVED

WHY = ("--why", "the search is gone", "--yes")


def test_back_to_the_version_before(tmp_path: Path) -> None:
    there = Elsewhere(tmp_path)
    none = there.here("rollback", "plan.yaml", *WHY)
    assert (none.returncode, "UP031" in none.stderr) == (2, True), none.stderr
    assert there.here("deploy", "plan.yaml", "--yes").returncode == 0
    first = there.here("rollback", "plan.yaml", *WHY)
    assert (first.returncode, "no release before it" in first.stderr) == (2, True), first.stderr
    assert there.here("deploy", "plan.yaml", "--version", "2", "--yes").returncode == 0
    asked = there.here("rollback", "plan.yaml", "--why", "x")
    assert (asked.returncode, there.log) == (2, ["1", "2"]), "there is nobody to ask here"
    back = there.here("rollback", "plan.yaml", *WHY, "--ticket", "CHG1", "--json")
    assert back.returncode == 0, back.stderr
    assert (json.loads(back.stdout)["state"], there.log) == ("rolled back", ["1", "2", "1"])
    status = json.loads(there.here("status", "plan.yaml", "--json").stdout)
    assert [host["version"] for host in status["hosts"]] == ["1"]
    why = there.here("why", "plan.yaml", "run-2").stdout
    assert "ordered by" in why
    assert "CHG1" in why
    again = there.here("rollback", "plan.yaml", *WHY)
    assert (again.returncode, "is rolled back" in again.stderr) == (2, True), again.stderr
    assert there.here("verify", "plan.yaml").returncode == 0
    assert "0 differences" in there.here("replay", "plan.yaml").stdout


def test_what_others_deploy_goes_back_there(tmp_path: Path) -> None:
    there = Elsewhere(tmp_path, OBSERVED)
    (there.folder / "secret.txt").write_text("whsec_YQ==")
    there.start()
    assert there.uptake("deploy", "--version", "7").returncode == 0
    there.end()
    refused = there.here("rollback", "plan.yaml", *WHY)
    assert (refused.returncode, "UP037" in refused.stderr) == (2, True), refused.stderr
