"""What must hold of `access`: one way, the parameters of its template, columns there are, secrets by reference.

Each rule appends to the mistakes and goes on. Single values are judged while reading (`shape`); what a template
takes stands in its own file (`template`). Pure.
"""

from typing import cast

from uptake.core.problem import Where
from uptake.plan.hint import did_you_mean
from uptake.plan.model import Access, AccessHttp, AccessLdap, HttpCall
from uptake.plan.placeholder import keys_in, placeholders
from uptake.plan.read import ReadPlan
from uptake.plan.secret import REFERENCES, is_reference
from uptake.plan.template import names, template
from uptake.plan.value import Mistakes

PATH = "implement.expose.access"
WAYS = ("template", "ldap", "http", "command", "members")


def check_access(read: ReadPlan, access: Access | None, known: tuple[str, ...], mistakes: Mistakes) -> None:
    """Every rule of access.

    Args:
        read: the plan.
        access: what it says of access.
        known: the audience's columns; empty where they were not read, so that none is missed.
        mistakes: to note in.
    """
    if access is None:
        return
    ways = [name for name in WAYS if f"{PATH}.{name}" in read.marks]
    if len(ways) != 1 and (ways or read.is_whole(PATH)):
        what = f"`access` is exactly one of {', '.join(WAYS[:-1])} and {WAYS[-1]}; found {' and '.join(ways) or 'none'}"
        mistakes.add("UP212", read.where(PATH), what, "keep one of them" if ways else "add one of them")
    if access.command and not any("{act}" in word for word in access.command) and read.is_whole(f"{PATH}.command"):
        what = "no word of `command` holds {act}, so it could not know what it is asked"
        mistakes.add("UP218", read.value(f"{PATH}.command"), what, 'write [python3, access.py, "{act}"]')
    if access.template or access.with_:
        _template(read, access, known, mistakes)
    if access.ldap is not None and read.is_whole(f"{PATH}.ldap"):
        _ldap(read, access.ldap, known, mistakes)
    if access.http is not None:
        _http(read, access.http, known, mistakes)


def _template(read: ReadPlan, access: Access, known: tuple[str, ...], mistakes: Mistakes) -> None:
    """The template is there, and is given what it takes."""
    if not access.template:
        hint = f"add `template:`, one of {', '.join(names())}"
        mistakes.add("UP206", read.where(f"{PATH}.with"), "`with` gives parameters to `template`", hint)
        return
    if access.template not in names():
        near = did_you_mean(access.template, names())
        hint = near if near.startswith("did") else f"there are {', '.join(names())}; any other is written as `http`"
        mistakes.add("UP123", read.value(f"{PATH}.template"), f"there is no template `{access.template}`", hint)
        return
    takes = {one.name: one for one in template(access.template).takes}
    for name, one in takes.items():
        if not one.default and name not in access.with_ and read.is_whole(f"{PATH}.with"):
            what = f"the template `{access.template}` needs `{name}` in `with`"
            place = f"{PATH}.with" if f"{PATH}.with" in read.marks else f"{PATH}.template"
            mistakes.add("UP111", read.where(place), what, f"add `{name}:`; {one.about[0].lower()}{one.about[1:]}")
    for name, text in access.with_.items():
        path = f"{PATH}.with.{name}"
        if name not in takes:
            hint = did_you_mean(name, takes) or f"it takes {', '.join(takes)}"
            mistakes.add("UP110", read.where(path), f"the template `{access.template}` takes no `{name}`", hint)
        elif takes[name].kind == "secret" and not is_reference(text):
            what = f"`{name}` holds a secret and must not stand in the plan"
            mistakes.add("UP207", read.value(path), what, f'write {name}: "env:NAME" or "file:PATH"')
        elif takes[name].kind == "address" and not text.startswith(("https://", "http://", *REFERENCES)):
            mistakes.add("UP125", read.value(path), f"`{name}` must be an address; found `{text}`", "write https://...")
        _columns(read.value(path), text, known, mistakes)
    person = access.with_.get("person") or takes["person"].default if "person" in takes else ""
    if "person" not in access.with_:
        _columns(read.value(f"{PATH}.template"), person, known, mistakes)


def _ldap(read: ReadPlan, ldap: AccessLdap, known: tuple[str, ...], mistakes: Mistakes) -> None:
    """Where people are looked for, and a password that is not here."""
    path = f"{PATH}.ldap"
    if not is_reference(ldap.password):
        what = "`password` holds a secret and must not stand in the plan"
        mistakes.add("UP207", read.value(f"{path}.password"), what, 'write password: "env:NAME" or "file:PATH"')
    is_filter = ldap.person.startswith("(")
    if is_filter and not ldap.base:
        hint = 'add `base: "ou=people,dc=example,dc=org"`'
        mistakes.add("UP206", read.value(f"{path}.person"), "a filter needs `base`, below which is looked", hint)
    elif (is_filter and not ldap.person.endswith(")")) or (not is_filter and "=" not in ldap.person):
        hint = 'write "(uid={person.id})", or "uid={person.id},ou=people,dc=example,dc=org"'
        mistakes.add("UP125", read.value(f"{path}.person"), "`person` is a filter in brackets, or a whole DN", hint)
    if "{person." not in ldap.person:
        what = "`person` must hold a column, or everybody would be the same person"
        mistakes.add("UP206", read.value(f"{path}.person"), what, 'write "(uid={person.id})", say')
    if ldap.placeholder and ldap.attribute == "memberUid":
        what = "`placeholder` has no meaning beside `attribute: memberUid`; such groups may be empty"
        mistakes.add("UP212", read.where(f"{path}.placeholder"), what, "take it out")
    _columns(read.value(f"{path}.person"), ldap.person, known, mistakes)


def _http(read: ReadPlan, http: AccessHttp, known: tuple[str, ...], mistakes: Mistakes) -> None:
    """Calls ask for columns there are, and for {found} only where something is found."""
    path = f"{PATH}.http"
    calls = {"resolve": http.resolve, "grant": http.grant, "withdraw": http.withdraw, "read": http.read}
    for name, call in calls.items():
        if call is None or not read.is_whole(f"{path}.{name}"):
            continue
        for key, value in _texts(call).items():
            where = read.value(f"{path}.{name}.{key}")
            _columns(where, value, known, mistakes)
            if _asks_found(value) and (http.resolve is None or name == "resolve"):
                what = "`{found}` is what `resolve` has picked" + (", so not here" if name == "resolve" else "")
                hint = "write {person.email}, say" if name == "resolve" else "add `resolve:` with `pick:`"
                mistakes.add("UP134", where, what, hint)
    if http.resolve is not None and not http.resolve.pick and read.is_whole(f"{path}.resolve"):
        hint = "add `pick: id`, the path of the value that the other calls need"
        mistakes.add("UP111", read.where(f"{path}.resolve"), "`resolve` needs `pick`", hint)
    oauth = http.oauth
    if oauth is None or not read.is_whole(f"{path}.oauth"):
        return
    for name in ("secret", "key"):
        text = cast("str", getattr(oauth, name))
        if text and not is_reference(text):
            what = f"`{name}` holds a secret and must not stand in the plan"
            mistakes.add("UP207", read.value(f"{path}.oauth.{name}"), what, f'write {name}: "env:NAME" or "file:PATH"')
    if bool(oauth.secret) == bool(oauth.key):
        what = "`oauth` is exactly one of `secret` and `key`"
        mistakes.add("UP212", read.where(f"{path}.oauth"), what, "keep the one that your server knows")
    if oauth.secret and not oauth.client:
        mistakes.add("UP206", read.where(f"{path}.oauth"), "`secret` needs `client`", "add `client:`, the client's id")


def _texts(call: HttpCall) -> dict[str, object]:
    """What of a call may hold placeholders."""
    body = cast("object", call.body)
    where: list[object] = [*call.where, *call.where.values()]
    return {"url": call.url, "headers": call.headers, "body": body, "contains": call.contains, "where": where}


def _asks_found(value: object) -> bool:
    """Whether {found} stands within a value."""
    match value:
        case str():
            return any(name == "found" for name, _ in placeholders(value))
        case dict():
            mapping = cast("dict[object, object]", value)
            return any(_asks_found(item) for item in (*mapping, *mapping.values()))
        case list():
            return any(_asks_found(item) for item in cast("list[object]", value))
        case _:
            return False


def _columns(where: Where, value: object, known: tuple[str, ...], mistakes: Mistakes) -> None:
    """The columns that a value asks for are the audience's."""
    for key in keys_in(value, "person"):
        if known and key not in (*known, "id"):
            hint = did_you_mean(key, known) or f"add `{key}` to `attributes` of `audience`"
            mistakes.add("UP202", where, f"`{{person.{key}}}`: the audience has no column `{key}`", hint)
