"""What must hold of a deployment that others do: an address that can tell a version, and no steps of our own beside it.

Each rule appends to the mistakes and goes on. Pure.
"""

import re

from uptake.plan.observed import Observed
from uptake.plan.read import ReadPlan
from uptake.plan.secret import is_reference
from uptake.plan.value import Mistakes, is_json_path

OURS = ("hosts", "infrastructure", "configuration", "tests", "update", "freeze")
"""Keys of a deployment by ourselves."""
SECRET = re.compile(r"authorization|cookie|token|secret|api[-_]?key", re.IGNORECASE)
"""Headers that hold one."""
AGREE_MOST = 20
"""So many answers are asked for in one look at most."""


def check_observed(read: ReadPlan, observed: Observed, mistakes: Mistakes) -> None:
    """Every rule of `deploy.observed`."""
    for key in OURS:
        if f"deploy.{key}" in read.marks:
            what = f"`{key}` has no meaning beside `observed`: others deploy, and Uptake only watches"
            mistakes.add("UP212", read.where(f"deploy.{key}"), what, "keep one of the two")
    for rule, at in _rules(read):
        if rule == "rollback_release":
            what = "`rollback_release` takes hosts back, and this plan's are deployed by others"
            mistakes.add("UP212", read.value(at), what, "use rollback, which withdraws the exposure, or notify")
    if not read.is_whole("deploy.observed"):
        return
    _version_at(read, observed, mistakes)
    if observed.expect.count("{version}") != 1:
        what = f"`expect` must hold {{version}} once; found `{observed.expect}`"
        mistakes.add("UP125", read.value("deploy.observed.expect"), what, 'write "{version}", or "v{version}"')
    if not 1 <= observed.agree <= AGREE_MOST:
        what = f"`agree` must be from 1 to {AGREE_MOST}; found the number {observed.agree}"
        mistakes.add("UP122", read.value("deploy.observed.agree"), what, "write 3, say")
    if observed.healthy_deadline.approx_s <= observed.min_healthy_time.approx_s:
        what = f"no version can be told for {observed.min_healthy_time} within {observed.healthy_deadline}"
        hint = "make `healthy_deadline` longer than `min_healthy_time`"
        mistakes.add("UP215", read.value("deploy.observed.healthy_deadline"), what, hint)
    secrets = [("secret", observed.secret)] if observed.secret else []
    secrets += [(f"headers.{name}", text) for name, text in observed.headers.items() if SECRET.search(name)]
    for key, text in secrets:
        if not is_reference(text):
            name = key.rpartition(".")[2]
            what = f"`{name}` holds a secret and must not stand in the plan"
            mistakes.add(
                "UP207", read.value(f"deploy.observed.{key}"), what, f'write {name}: "env:NAME" or "file:PATH"'
            )


def _rules(read: ReadPlan) -> list[tuple[str, str]]:
    """(what it does, its place) of each rule of the implement half."""
    implement = read.plan.implement
    rules = implement.adjust if implement is not None else ()
    return [(rule.do, f"implement.adjust.{i}.do") for i, rule in enumerate(rules)]


def _version_at(read: ReadPlan, observed: Observed, mistakes: Mistakes) -> None:
    """A path into JSON, a header's name, or a pattern with one group."""
    text, where = observed.version_at, read.value("deploy.observed.version_at")
    hint = "write $.version for JSON, `header: X-Version`, or a pattern with one group: 'version ([0-9.]+)'"
    if text.startswith("$"):
        if not is_json_path(text):
            mistakes.add("UP125", where, f"`version_at` is no path into JSON; found `{text}`", "write $.version")
        return
    if text.lower().startswith("header:"):
        if re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", text.partition(":")[2].strip()) is None:
            mistakes.add("UP125", where, f"`version_at` names no header; found `{text}`", "write `header: X-Version`")
        return
    try:
        groups = re.compile(text).groups
    except re.error as error:
        mistakes.add("UP125", where, f"`version_at` is no pattern: {error.msg}", hint)
        return
    if groups != 1:
        mistakes.add("UP125", where, f"`version_at` must have one group, and has {groups}", hint)
