"""What is left to serve while a batch is down."""

import pytest

from uptake.app.capacity import capacity
from uptake.core.stage import HostFact
from uptake.plan.read import read_plan

PLAN = """\
plan: shop
title: A shop
deploy:
  service: shop
  version: "1"
  environment: test
  hosts: [a, b, c, d]
  update: {canary: 1, max_parallel: MOST, health: {checks: [{http: "http://{host}/"}]}}
"""
HOSTS = tuple(HostFact(name=name, address=name, data={}) for name in "abcd")


def told(most, hosts=HOSTS, serving="abcd", without=""):
    """The warnings' words, and that each names the plan's line."""
    read = read_plan(PLAN.replace("MOST", most), file="plan.yaml")
    found = list(capacity(read, read.plan.deploy, hosts, tuple(serving), without=tuple(without)))
    assert all((problem.code, problem.where.line) == ("preflight.capacity", 8) for problem in found)
    return [problem.what for problem in found]


@pytest.mark.parametrize(
    ("most", "serving", "batches"),
    [
        ("2", "abcd", []),
        ("3", "abcd", []),  # a, the canary, serves again
        ("3", "bcd", [2]),  # a does not answer now
        ("1", "b", [2]),
        ("1", "", []),  # nobody serves now: nothing is lost
    ],
)
def test_a_batch_that_takes_all_that_serve_is_told(most, serving, batches):
    """By the hosts that answer now, not by those that the inventory names."""
    wanted = 4 if most == "1" else 2
    assert told(most, serving=serving) == [
        f"while batch {i} of {wanted if most != '2' else 3} is down, no host is left to serve" for i in batches
    ]


def test_a_place_with_several_hosts_needs_one_of_them():
    """Two hosts of one site in one batch leave the site without; a site of one host is always without."""
    sites = dict(zip("abcd", ("ulm", "kassel", "kassel", "berlin"), strict=True))
    hosts = tuple(HostFact(name=name, address=name, data={}, serves=sites[name]) for name in "abcd")
    assert told("2", hosts) == ["while batch 2 of 3 is down, no host is left to serve for kassel"]
    assert told("1", hosts) == []


def test_who_names_no_place_or_is_left_out_goes_on_serving():
    """A host for everybody serves a site whose own hosts are down, and so does one that the run leaves out."""
    for_all = tuple(HostFact(name=name, address=name, data={}, serves="" if name == "a" else "ulm") for name in "abcd")
    assert told("3", for_all) == []
    of_one = tuple(HostFact(name=name, address=name, data={}, serves="ulm") for name in "abcd")
    assert told("3", of_one, serving="abc", without="d") == []
    assert told("3", of_one, serving="bcd") == ["while batch 2 of 2 is down, no host is left to serve"]
