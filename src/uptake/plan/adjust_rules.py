"""What must hold of the plan's own rules: a condition that can hold, and an act that has what it needs.

Each rule of ours appends to the mistakes and goes on. What a rule does when it speaks stands in `implement/decide`.
"""

from uptake.plan.deploy_rules import check_address
from uptake.plan.hint import did_you_mean
from uptake.plan.model import Implement, Rule
from uptake.plan.read import ReadPlan
from uptake.plan.value import Mistakes

EXAMPLE = "write {measure: adoption, below: 40%, at: +14d}"
NEEDS = {
    "trained": ("train", "`train: {path: [basics], sessions: sessions.csv}`"),
    "train_more": ("train", "`train: {path: [basics], sessions: sessions.csv}`"),
    "tickets": ("support", "`support: {tickets: {from: tickets.csv}}`"),
    "support_more": ("support", "`support: {champions: {per_setting: 1}}`"),
    "barrier": ("ask", "`ask: [{survey: umux-lite, with: [barrier], at: +14d}]`"),
    "ask": ("ask", "`ask: [{survey: umux-lite, at: +14d}]`"),
}
"""What a condition or an act stands on -> the key of the half, and how it is written."""


def check_rules(read: ReadPlan, implement: Implement, mistakes: Mistakes) -> None:
    """Every rule of every rule."""
    for i, rule in enumerate(implement.adjust):
        path = f"implement.adjust.{i}"
        if read.is_whole(path):
            _condition(read, rule, path, mistakes)
            _guardrail(read, implement, rule, path, mistakes)
            _stands_on(read, rule, path, mistakes)
            _survey(read, implement, rule, path, mistakes)
            _task(read, rule, path, mistakes)
            if rule.do == "rollback_release" and read.plan.deploy is None:
                what = "`rollback_release` takes hosts back, and this plan has no deploy half"
                mistakes.add("UP217", read.value(f"{path}.do"), what, "write `do: rollback`")


def _condition(read: ReadPlan, rule: Rule, path: str, mistakes: Mistakes) -> None:
    """It names something that can hold."""
    when = rule.when
    if when.below is None and when.above is None and not when.guardrail and when.barrier is None:
        what = "a rule needs `below`, `above`, `barrier` or `guardrail`"
        mistakes.add("UP211", read.where(f"{path}.when"), what, EXAMPLE)
    if when.below is not None and when.above is not None and when.above >= when.below:
        what = f"{when.measure} can never be above {when.above:.0%} and below {when.below:.0%}"
        mistakes.add("UP211", read.value(f"{path}.when.above"), what, "keep one of them, or swap them")


def _guardrail(read: ReadPlan, implement: Implement, rule: Rule, path: str, mistakes: Mistakes) -> None:
    """The guardrail is there, and what follows from it does not let more people in."""
    name = rule.when.guardrail
    if not name:
        if f"{path}.when.finding" in read.marks:
            what = "`finding` has no meaning without `guardrail`"
            mistakes.add("UP212", read.where(f"{path}.when.finding"), what, "take it out, or add `guardrail: NAME`")
        return
    guarded = [outcome.name for outcome in implement.outcomes if outcome.guardrail is not None]
    if name not in guarded and read.is_whole("implement.outcomes"):
        what = f"no outcome with a guardrail is called `{name}`"
        hint = did_you_mean(name, guarded) or "add `guardrail: {increase: 5%}` to the outcome"
        mistakes.add("UP202", read.value(f"{path}.when.guardrail"), what, hint)
    if rule.do == "advance":
        what = "no wave goes on because a guardrail finds harm"
        mistakes.add("UP211", read.value(f"{path}.do"), what, "write hold, notify, task or rollback")


def _stands_on(read: ReadPlan, rule: Rule, path: str, mistakes: Mistakes) -> None:
    """What it asks about, and what it does, is in the plan."""
    used = [(rule.when.measure, f"{path}.when.measure"), (rule.do, f"{path}.do")]
    used += [("barrier", f"{path}.when.barrier")] if rule.when.barrier is not None else []
    for word, at in used:
        key, example = NEEDS.get(word, ("", ""))
        if key and f"implement.{key}" not in read.marks:
            what = f"`{word}` needs `{key}`, and this plan has none"
            mistakes.add("UP206", read.value(at), what, f"add {example} to `implement`")


def _survey(read: ReadPlan, implement: Implement, rule: Rule, path: str, mistakes: Mistakes) -> None:
    """The survey that a rule asks is one of the plan's."""
    if not rule.survey:
        return
    if rule.do != "ask":
        what = f"`survey` has no meaning beside `do: {rule.do}`"
        mistakes.add("UP212", read.where(f"{path}.survey"), what, "take it out, or write `do: ask`")
        return
    known = [asking.survey for asking in implement.ask]
    if rule.survey not in known and read.is_whole("implement.ask"):
        what = f"`ask` names no survey `{rule.survey}`"
        hint = did_you_mean(rule.survey, known) or f"its surveys: {', '.join(known) or 'none'}"
        mistakes.add("UP202", read.value(f"{path}.survey"), what, hint)


def _task(read: ReadPlan, rule: Rule, path: str, mistakes: Mistakes) -> None:
    """A task says what there is to do, and for whom where it has a date."""
    if rule.do == "task" and not rule.text:
        mistakes.add("UP211", read.value(f"{path}.do"), "a task must say what there is to do", "add `text: ...`")
    if rule.owner:
        check_address(read, f"{path}.owner", rule.owner, mistakes)
    for key in ("owner", "due"):
        if f"{path}.{key}" in read.marks and rule.do != "task":
            what = f"`{key}` has no meaning beside `do: {rule.do}`"
            mistakes.add("UP212", read.where(f"{path}.{key}"), what, "take it out, or write `do: task`")
    if rule.do == "task" and rule.due is not None and not rule.owner:
        mistakes.add("UP211", read.where(f"{path}.due"), "a task with a due date needs an owner", "add `owner: ...`")
