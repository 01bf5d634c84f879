"""`uptake token`: shown once, listed without its secret, revoked by name."""

import json

import pytest

from uptake.cli import token
from uptake.core.problem import Refused
from uptake.store.open import open_store

PLAN = """
plan: policy
title: A policy
timezone: Europe/Berlin
implement:
  audience: {from: people.csv, id: id, setting: team}
  waves: {assign_by: person, sizes: [50%, 50%], every: 4w}
  gate: {adoption: 60%, at: +21d}
  adoption: {event: used, count: 3, within: 21d, target: 80%}
"""


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    (tmp_path / "people.csv").write_text("id,team\na,x\nb,y\n")
    return path


def test_a_token_from_shown_to_revoked(plan, capsys):
    assert token.add(plan, name="bridge", role="intake") == 0
    words = capsys.readouterr().out.strip()
    store = open_store(plan.parent, "policy")
    assert store.tokens.find(words) == ("bridge", "intake")
    assert token.list_(plan) == 0
    shown = capsys.readouterr().out
    assert "bridge" in shown
    assert "intake" in shown
    assert words not in shown
    assert token.revoke(plan, name="bridge") == 0
    store.tokens._kept_until_s = 0.0
    assert store.tokens.find(words) is None
    store.close()


def test_as_json(plan, capsys):
    token.add(plan, name="page", role="viewer", json=True)
    made = json.loads(capsys.readouterr().out)
    assert (made["name"], made["role"], made["schema"]) == ("page", "viewer", 1)
    token.list_(plan, json=True)
    (seen,) = json.loads(capsys.readouterr().out)["tokens"]
    assert (seen["name"], seen["role"]) == ("page", "viewer")
    assert "token" not in seen
    token.revoke(plan, name="page", json=True)
    assert json.loads(capsys.readouterr().out)["revoked"] is True


def test_what_is_refused(plan):
    with pytest.raises(Refused, match="no role"):
        token.add(plan, name="bridge", role="root")
    token.add(plan, name="bridge", role="flags")
    with pytest.raises(Refused, match="of this name"):
        token.add(plan, name="bridge", role="flags")
    with pytest.raises(Refused, match="no token") as caught:
        token.revoke(plan, name="brdge")
    assert "bridge" in caught.value.problems[0].hint
