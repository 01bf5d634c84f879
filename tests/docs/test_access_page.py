"""The page about access: its plans are good ones, and its table says what each template takes."""

import re
import textwrap

from tests.house.code import ROOT
from uptake.plan.check import check
from uptake.plan.fact import Facts
from uptake.plan.read import read_plan
from uptake.plan.template import names, template

PAGE = (ROOT / "docs/connect/access.md").read_text(encoding="utf-8")
PLAN = """\
plan: assistant
title: An assistant
implement:
  audience: {from: people.csv, id: employee_id, attributes: [email]}
  waves: {assign_by: person, sizes: [50%, 50%], every: 2w}
  adoption: {event: used, count: 1, within: 21d, target: 80%}
  gate: {adoption: 60%, at: 21d}
  expose:
"""


def test_each_example_is_a_plans() -> None:
    found = re.findall(r"```yaml\n(access:.*?)```", PAGE, re.DOTALL)
    assert len(found) >= 2
    for text in found:
        read = read_plan(PLAN + textwrap.indent(text, "    "), file="plan.yaml")
        assert check(read, Facts()) == ()


def test_the_table_names_every_template_and_all_that_it_takes() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE))
    assert set(rows) == set(names())
    for name, row in rows.items():
        needed, default = (set(re.findall(r"`(\w+)`", cell)) for cell in row.split(" | ")[1:])
        takes = template(name).takes
        assert needed == {one.name for one in takes if not one.default}
        assert default == {one.name for one in takes if one.default}
