"""Rules between keys and facts: each broken alone, found at its place; unbroken, silence."""

import pytest

from tests.plan.plans import WHOLE
from uptake.core.problem import Problem
from uptake.plan.check import check
from uptake.plan.fact import Facts, People, named_files
from uptake.plan.read import read_plan

NAMES = ("inventory.csv", "configure.py", "people.csv", "texts/coming.md")
PEOPLE = People(columns=("employee_id", "team", "site", "role", "email"), rows=120, dealt=(2, 3, 4, 3, 2))
FACTS = Facts(
    files=dict.fromkeys(NAMES, "0" * 64),
    texts={"texts/coming.md": "# Soon\nDear {person.email}, { print } ${HOME}\n"},
    people=PEOPLE,
    host_data=("color", "site"),
)


def found(text: str, facts: Facts = FACTS) -> list[Problem]:
    return list(check(read_plan(text, file="plan.yaml"), facts))


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_a_good_plan_is_silent() -> None:
    assert found(WHOLE) == []


HOSTS = "{inventory: inventory.csv, group: web, serves: site}"
CHECKS = 'checks: [{http: "http://{host}:8080/t/", expect: 200}]'
URL = "https://helpdesk.example.org/users"
CASES = {
    "sizes over": ("sizes: [10%, 20%, 30%, 30%]", "sizes: [10%, 20%, 30%, 35%]", "UP203", "take 5% away"),
    "sizes under": ("holdout: 10%", "holdout: 9.5%", "UP203", "add 0.5% to a wave"),
    "an empty wave": ("sizes: [10%, 20%, 30%, 30%]", "sizes: [0%, 30%, 30%, 30%]", "UP203", "take it out"),
    "no wave": ("sizes: [10%, 20%, 30%, 30%]", "sizes: []", "UP203", "write [50%, 50%]"),
    "no setting": ("setting: team, ", "", "UP205", "`assign_by: person`"),
    "unknown stratum": ("stratify: [site]", "stratify: [syte]", "UP206", "did you mean `site`?"),
    "the id as stratum": ("stratify: [site]", "stratify: [employee_id]", "UP206", ""),
    "serves nobody": ("serves: site", "serves: floor", "UP206", ""),
    "no mail": ("mail: {", "#mail: {", "UP206", "add `mail:"),
    "no address": ("attributes: [site, role, email]", "attributes: [site, role]", "UP206", "add `email`"),
    "time zone": ("Europe/Berlin", "Europe/Berln", "UP208", "did you mean `Europe/Berlin`?"),
    "owner": ("owner: it-services@example.org", "owner: the team", "UP209", "name@example.org"),
    "sender": ("from: it-services@example.org", "from: nobody", "UP209", "name@example.org"),
    "server": ('server: "env:SMTP_URL"', "server: mail.example.org", "UP125", "smtp://"),
    "start": ("every: 4w", "every: 4w, start: soon", "UP210", "2027-01-11"),
    "a date that is none": ("every: 4w", "every: 4w, start: 2027-02-30", "UP210", "2027-01-11"),
    "deadline": ("deadline: 2026-12-01T18:00", "deadline: tomorrow", "UP210", "2027-01-11"),
    "a rule without a bound": ("below: 40%, ", "", "UP211", "below: 40%"),
    "a rule that never holds": ("below: 40%,", "below: 40%, above: 50%,", "UP211", "swap them"),
    "a task without words": ("do: notify", "do: task", "UP211", "add `text:"),
    "two ways": ("    access:\n", "    access:\n      members: m.csv\n", "UP212", "keep one"),
    "hosts twice": (HOSTS, "[a, b, a]", "UP213", "keep one"),
    "no hosts": (HOSTS, "{}", "UP212", "inventory.csv"),
    "a list with a group": (HOSTS, "{list: [a], group: b}", "UP212", ""),
    "no health check": (CHECKS, "checks: []", "UP215", "add `health:"),
    "a freeze that never ends": (
        "deadline: 2026-12-01T18:00",
        "freeze: [{from: 2026-12-20, to: 2026-01-04}]",
        "UP210",
        "correct the year",
    ),
    "a freeze without a date": (
        "deadline: 2026-12-01T18:00",
        "freeze: [{from: Christmas, to: 2026-01-04}]",
        "UP210",
        "2026-12-20",
    ),
    "events to no address": (
        "deadline: 2026-12-01T18:00",
        "events: [the broker]",
        "UP125",
        "env:CDEVENTS_URL",
    ),
    "a password in an address of events": (
        "deadline: 2026-12-01T18:00",
        'events: ["env:CDEVENTS_URL", "https://me:secret@events.example.org/"]',
        "UP207",
        "env:NAME",
    ),
    "a course twice": (
        "  adoption: {",
        "  train: {path: [basics, basics], sessions: people.csv}\n  adoption: {",
        "UP213",
        "keep one",
    ),
    "training after the opening": (
        "  adoption: {",
        "  train: {path: [basics], sessions: people.csv, invite: 3d}\n  adoption: {",
        "UP121",
        "write -3d",
    ),
    "training that nobody tells of": (
        "  adoption: {",
        "  train: {path: [basics], sessions: people.csv, needed: 50%}\n  adoption: {",
        "UP206",
        "completions",
    ),
    "a gate nobody can meet": ("interval: 2s", "min_healthy_time: 3m", "UP215", "healthy_deadline"),
    "attributes twice": ("[site, role, email]", "[site, role, email, site]", "UP213", "keep one"),
    "missing column": ("[site, role, email]", "[site, rolle, email]", "UP202", "did you mean `role`?"),
    "missing id": ("id: employee_id", "id: emploee_id", "UP202", "did you mean `employee_id`?"),
    "unknown person key": ("{person.email}, soon", "{person.mail}, soon", "UP202", "did you mean `email`?"),
    "unknown data key": ("{data.color}", "{data.colour}", "UP202", "did you mean `color`?"),
    "a secret header": ('"env:HELPDESK_AUTH"', '"Bearer abc"', "UP207", "env:NAME"),
    "a secret in a notice": ('"env:CHAT_URL"', '"slack://TokenA/TokenB"', "UP207", "env:CHAT_URL"),
    "a password in a notice": ('"env:CHAT_URL"', '"json://me:secret@chat.example.org"', "UP207", "env:NAME"),
    "a notice that is no address": ('"env:CHAT_URL"', '"the team"', "UP125", "env:CHAT_URL"),
    "a password in the server": ('"env:SMTP_URL"', '"smtp://me:secret@mail.example.org"', "UP207", "env:NAME"),
    "a password in a url": (f'{URL}"', 'https://a:b@example.org/users"', "UP207", "env:NAME"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_one_rule_broken(name: str) -> None:
    old, new, code, hint = CASES[name]
    assert old in WHOLE
    text = WHOLE.replace(old, new, 1)
    problems = found(text)
    assert code in {p.code for p in problems}, problems
    (first,) = [p for p in problems if p.code == code][:1]
    assert hint in first.hint
    assert all(p.where.line for p in problems)
    if name not in {"no mail", "no address", "no setting", "no health check", "sizes under", "serves nobody"}:
        assert first.where.line == line_of(text, new.strip() or "when: {measure")


def test_missing_files_are_named_at_their_place() -> None:
    problems = found(WHOLE, Facts(files=dict.fromkeys(NAMES)))
    assert [p.code for p in problems] == ["UP201"] * 4
    rows = WHOLE.splitlines()
    for p in problems:
        meant = rows[p.where.line - 1][p.where.column - 1 : p.where.column - 1 + p.where.width]
        assert f"`{meant}`" in p.what
    near = Facts(files={"people.csv": None, "peoples.csv": "0"})
    assert found(WHOLE, near)[0].hint == "did you mean `peoples.csv`?"


def test_too_few_settings_in_an_arm() -> None:
    few = Facts(people=People(columns=PEOPLE.columns, rows=60, dealt=(1, 2, 2, 2, 0)))
    problems = found(WHOLE, few)
    assert [p.code for p in problems] == ["UP204", "UP204"]
    assert "wave 1 would get 1 of 7 settings" in problems[0].what
    assert "the holdout would get 0 of 7 settings" in problems[1].what
    listed = WHOLE.replace("stratify: [site]", "order: listed")
    assert [p.what for p in found(listed, few)] == ["the holdout would get 0 of 7 settings, too few to draw"]
    people = WHOLE.replace("assign_by: setting", "assign_by: person")
    assert len(found(people, few)) == 1


def test_texts_are_checked_where_they_are_wrong() -> None:
    texts = {"texts/coming.md": "# Soon\r\nDear {person.nmae},\nsee {host}\n"}
    problems = found(WHOLE, Facts(texts=texts))
    assert [(p.code, str(p.where), p.where.width) for p in problems] == [
        ("UP202", "texts/coming.md:2:6", 13),
        ("UP134", "texts/coming.md:3:5", 6),
    ]
    plain = WHOLE.replace(', subject: "{person.email}, soon"', "")
    bare = Facts(texts={"texts/coming.md": "Dear all\n"})
    assert [p.code for p in found(plain, bare)] == ["UP206"]
    assert found(plain) == []


def test_hosts_serve_what_people_have() -> None:
    people = People(columns=PEOPLE.columns, rows=9, dealt=(2,) * 5, served=("berlin", "ulm"))
    assert found(WHOLE, Facts(people=people, serves={"a": "berlin", "b": ""})) == []
    (typo,) = found(WHOLE, Facts(people=people, serves={"a": "berln", "b": "ulm"}))
    assert (typo.code, typo.hint) == ("UP202", "did you mean `berlin`?")
    (nobody,) = found(WHOLE, Facts(people=people, serves={"a": "", "b": ""}, host_data=("color", "sites")))
    assert (nobody.code, nobody.hint) == ("UP202", "did you mean `sites`?")


def test_secrets_in_arguments_and_bodies() -> None:
    step = WHOLE.replace("    - apt.update\n", "    - server.user: {user: a, password: x}\n")
    assert [(p.code, p.where.line) for p in found(step)] == [("UP207", 14)]
    assert found(step.replace("password: x", 'password: "env:X"')) == []
    assert found(step.replace("password: x", 'password: "{data.color}"')) == []
    body = WHOLE.replace("seats: 1", "list: [{api_key: abc}]")
    assert [p.code for p in found(body)] == ["UP207"]


def test_halves_that_are_not_there() -> None:
    assert [p.code for p in found("plan: a\ntitle: b\n")] == ["UP216"]
    implement = "plan: a\ntitle: b\n" + WHOLE[WHOLE.index("implement:") :]
    assert found(implement) == []
    waits = implement.replace("  gate:", "  requires: deployed\n  gate:")
    assert [p.code for p in found(waits)] == ["UP217"]
    policy = waits.replace("requires: deployed", "requires: nothing")
    assert found(policy) == []
    deploy = WHOLE[: WHOLE.index("implement:")].replace(", serves: site", "")
    assert found(deploy) == []


def test_an_access_command_must_know_its_act() -> None:
    begin, end = WHOLE.index("      http:\n"), WHOLE.index("  gate: {")
    text = WHOLE[:begin] + "      command: [grant.py]\n" + WHOLE[end:]
    assert [p.code for p in found(text)] == ["UP218"]
    assert found(text.replace("[grant.py]", 'grant.py "{act}"')) == []
    assert [p.code for p in found(text.replace("command: [grant.py]", "command: [a, '{act}']\n      members: m"))] == [
        "UP212"
    ]


def test_named_files() -> None:
    plan = read_plan(WHOLE, file="plan.yaml").plan
    assert named_files(plan) == (
        ("inventory.csv", "deploy.hosts.inventory"),
        ("configure.py", "deploy.configuration.0.run"),
        ("people.csv", "implement.audience.from"),
        ("texts/coming.md", "implement.announce.0.text"),
    )
