"""Mistakes in `access`: each at its line and column, with its code and a hint."""

import pytest

from uptake.plan.check import check
from uptake.plan.fact import Facts
from uptake.plan.read import read_draft
from uptake.plan.template import names, template

HEAD = """\
plan: assistant
title: An assistant
implement:
  audience: {from: people.csv, id: employee_id, attributes: [email]}
  waves: {assign_by: person, sizes: [50%, 50%], every: 2w}
  adoption: {event: used, count: 1, within: 21d, target: 80%}
  gate: {adoption: 60%, at: 21d}
  expose:
    access:
"""
FIRST = HEAD.count("\n") + 1
LDAP = """\
      ldap:
        url: ldaps://directory.example.org
        bind: cn=uptake,dc=example,dc=org
        password: "env:P"
        group: cn=a,dc=example,dc=org
        person: "(mail={person.email})"
        base: ou=people,dc=example,dc=org
"""
HTTP = """\
      http:
        resolve: {method: GET, url: "https://a.org/?m={person.email}", pick: id}
        grant: {method: PUT, url: "https://a.org/{found}"}
        withdraw: {method: DELETE, url: "https://a.org/{found}", absent: [404]}
        oauth: {token_url: https://a.org/token, client: c, secret: "env:S"}
"""
SCIM = """\
      template: scim
      with:
        url: https://id.example.org/scim
        group: g1
        token: "env:SCIM_TOKEN"
"""


def found(text: str) -> list[tuple[int, int, str]]:
    """(line below `access:`, column, code) of each problem; every one has a hint."""
    draft = read_draft(HEAD + text, file="plan.yaml")
    problems = [*draft.problems, *(check(draft.read, Facts()) if draft.read is not None else ())]
    assert all(problem.hint for problem in problems), problems
    places = dict.fromkeys((p.where.line - FIRST + 1, p.where.column, p.code) for p in problems)
    return sorted(places)


@pytest.mark.parametrize("text", [LDAP, HTTP, SCIM])
def test_what_is_right_has_no_problem(text: str) -> None:
    assert found(text) == []


MISTAKES: dict[str, tuple[str, tuple[int, int, str]]] = {
    "no such template": (SCIM.replace("scim\n", "scmi\n", 1), (1, 17, "UP123")),
    "unknown parameter": (SCIM + "        gruop: g2\n", (6, 9, "UP110")),
    "missing parameter": (SCIM.replace("        group: g1\n", ""), (2, 7, "UP111")),
    "secret in clear": (SCIM.replace('"env:SCIM_TOKEN"', "abc"), (5, 16, "UP207")),
    "no address": (SCIM.replace("https://id", "id", 1), (3, 14, "UP125")),
    "no such column": (SCIM + '        person: "{person.mail}"\n', (6, 17, "UP202")),
    "no such column by default": (
        "      template: copilot\n      with: {org: a, token: 'env:T'}\n",
        (1, 17, "UP202"),
    ),
    "wrong placeholder": (SCIM + '        person: "{host}"\n', (6, 17, "UP134")),
    "with alone": (SCIM.replace("      template: scim\n", "      members: m.csv\n"), (2, 7, "UP206")),
    "two ways": (SCIM + "      members: members.csv\n", (0, 5, "UP212")),
    "with is a text": ("      template: scim\n      with: abc\n", (2, 13, "UP113")),
    "ldap: unknown key": (LDAP + "        dn: x\n", (8, 9, "UP110")),
    "ldap: missing key": (LDAP.replace("        group: cn=a,dc=example,dc=org\n", ""), (1, 7, "UP111")),
    "ldap: password in clear": (LDAP.replace('"env:P"', "abc"), (4, 19, "UP207")),
    "ldap: no address": (LDAP.replace("ldaps://", "https://"), (2, 14, "UP125")),
    "ldap: no base": (LDAP.replace("        base: ou=people,dc=example,dc=org\n", ""), (6, 17, "UP206")),
    "ldap: no filter and no dn": (LDAP.replace('"(mail={person.email})"', '"{person.email}"'), (6, 17, "UP125")),
    "ldap: everybody": (LDAP.replace('"(mail={person.email})"', '"(mail=a)"'), (6, 17, "UP206")),
    "ldap: no such column": (LDAP.replace("{person.email}", "{person.uid}"), (6, 17, "UP202")),
    "ldap: attribute": (LDAP + "        attribute: members\n", (8, 20, "UP123")),
    "ldap: placeholder of names": (
        LDAP + "        attribute: memberUid\n        placeholder: cn=x,dc=example,dc=org\n",
        (9, 9, "UP212"),
    ),
    "http: nothing picked": (HTTP.replace(", pick: id", ""), (2, 9, "UP111")),
    "http: found in resolve": (HTTP.replace("?m={person.email}", "?m={found}"), (2, 37, "UP134")),
    "http: nothing resolved": (
        HTTP.replace('        resolve: {method: GET, url: "https://a.org/?m={person.email}", pick: id}\n', ""),
        (2, 35, "UP134"),
    ),
    "http: parameters of nobody": (HTTP.replace('a.org/{found}"}', 'a.org/{with.group}"}'), (3, 35, "UP134")),
    "http: secret in clear": (HTTP.replace('"env:S"', "abc"), (5, 68, "UP207")),
    "http: no secret": (HTTP.replace(', secret: "env:S"', ""), (5, 9, "UP212")),
    "http: token address": (HTTP.replace("token_url: https://", "token_url: "), (5, 28, "UP125")),
    "http: no client": (HTTP.replace("client: c, ", ""), (5, 9, "UP206")),
    "http: where": (HTTP.replace("pick: id", "pick: id, where: id"), (2, 89, "UP113")),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_at_its_place(name: str) -> None:
    text, place = MISTAKES[name]
    assert place in found(text), name


def test_mistakes_are_told_alone() -> None:
    """None of them brings others with it, but where a missing way is also a missing name."""
    more = {name: found(text) for name, (text, _) in MISTAKES.items() if len(found(text)) > 1}
    assert set(more) <= {"with is a text", "http: nothing resolved", "with alone"}, more


def test_every_template_that_came_is_named_in_the_reference() -> None:
    from uptake.plan.reference import reference

    text = reference()["implement.expose.access.template"].text
    assert all(name in text for name in names())
    assert all(one.about.endswith(".") for name in names() for one in template(name).takes)
