"""The closed list of acts that a rule may do, and what an overruled one gives back.

advance, hold, train_more, support_more, ask, notify, task, rollback, rollback_release. What would take something from
people is first asked for where a guardrail's few values alone suggest it. Every act has a key, so it is asked once.
When a rule speaks stands in `adjust`. Pure.
"""

from dataclasses import dataclass
from typing import assert_never

from uptake.core.action import Action, Notify
from uptake.core.decision import Decision, Verdict
from uptake.core.picture import Picture
from uptake.core.stage import Stage
from uptake.implement.decide.outcomes import proven
from uptake.implement.steps import ask, closing, opening, rule_key, support_more, train_more
from uptake.implement.targets import wave_stage
from uptake.plan.model import Plan, Rule

ROLLBACKS = ("rollback", "rollback_release")
"""Acts that take something from people."""
HOLDING = ("hold", *ROLLBACKS)
"""Acts that may leave a wave held."""
Done = tuple[list[Decision], list[Action]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoke:
    """A rule on a wave: its place in the plan's list, and the rule."""

    number: int
    rule: Rule
    stage: Stage

    @property
    def name(self) -> str:
        """The plan key, which a decision cites."""
        return f"implement.adjust.{self.number}"

    @property
    def wave(self) -> str:
        """The wave in words."""
        return f"wave {self.stage.ordinal + 1}"

    @property
    def question(self) -> str:
        """What a person answers where the rule holds or asks first."""
        first = self.rule.do in ROLLBACKS
        return f"rule-wave-{self.stage.ordinal + 1}" + (f"-rollback-{self.number + 1}" if first else "")

    def decision(self, verdict: Verdict, state: str, why: str, *, question: str = "") -> Decision:
        """A decision on the wave by this rule."""
        words = f" {self.rule.text}" if self.rule.text else ""
        return Decision(
            stage=self.stage, verdict=verdict, state=state, rule=self.name, why=f"{why}{words}", question=question
        )


def carry_out(plan: Plan, picture: Picture, spoke: Spoke) -> Done:
    """What a rule whose condition holds does."""
    rule, wave, state = spoke.rule, spoke.wave, picture.stage(spoke.stage).state
    match rule.do:
        case "advance":
            return [spoke.decision("advance", "adopted", f"Rule: {wave} counts as adopted.")], []
        case "hold":
            why = f"Rule: {wave} is held until a person decides."
            return [spoke.decision("hold", "held", why, question=spoke.question)], []
        case "rollback" | "rollback_release":
            if rule.when.guardrail and not proven(picture, rule.when.guardrail):
                why = f"Rule: {wave} is held; `uptake approve` {spoke.question} withdraws its exposure."
                return [spoke.decision("hold", "held", why, question=spoke.question)], []
            return _withdraw(plan, picture, spoke)
        case "train_more" | "support_more" | "ask":
            actions = _more(plan, picture, spoke)
            what = {"train_more": "a further session", "support_more": "more support", "ask": "a survey"}[rule.do]
            why = (
                f"Rule: {what} is ordered for {wave}." if actions else f"Rule: {what} for {wave} could not be ordered."
            )
            return [spoke.decision("adjust", state, why)], list(actions)
        case "notify" | "task":
            title = f"{plan.title}: {'a task for you' if rule.do == 'task' else 'a rule spoke'} ({wave})"
            why = f"Rule: {'task given' if rule.do == 'task' else 'notice sent'} about {wave}."
            text = rule.text or f"{spoke.name} holds for {wave}."
            return [spoke.decision("adjust", state, why)], [_notice(plan, spoke, title, text)]
        case _:  # pragma: no cover
            assert_never(rule.do)


def carry_out_approved(plan: Plan, picture: Picture, spoke: Spoke) -> Done | None:
    """The act that was asked for first, once a person has approved it or the looks show harm; None until then."""
    shown = bool(spoke.rule.when.guardrail) and proven(picture, spoke.rule.when.guardrail)
    if spoke.rule.do not in ROLLBACKS or not (shown or spoke.question in picture.approved):
        return None
    return _withdraw(plan, picture, spoke)


def give_back(plan: Plan, picture: Picture, spoke: Spoke) -> tuple[Decision, list[Action]] | None:
    """What follows once from a person's overruling: the wave goes back to its gate, a withdrawn one opens again."""
    said, rule = f"overrule {spoke.name}", spoke.rule
    word = picture.overruled[spoke.stage, spoke.name]
    if (spoke.stage, said) in picture.ruled:
        return None
    state, actions = picture.stage(spoke.stage).state, list[Action]()
    after = picture.opened_at(wave_stage(spoke.stage.ordinal + 1)) is not None
    why = f"{word.said.who} overrules the rule on {spoke.wave}"
    if state == "rolled back" and rule.do in ROLLBACKS:
        state, actions = "open", list(opening(plan, picture, spoke.stage))
        why += ": it is open again"
    elif (state == "held" and rule.do in HOLDING) or (state == "adopted" and rule.do == "advance" and not after):
        state = "adopting"
        why += ": its gate is judged"
    else:
        why += "; what was sent or opened stays"
    decision = Decision(stage=spoke.stage, verdict="adjust", state=state, rule=said, why=f"{why}.")
    return decision, actions


def _withdraw(plan: Plan, picture: Picture, spoke: Spoke) -> Done:
    """Exposure and access of the wave, and the release where the rule says so."""
    whole = spoke.rule.do == "rollback_release"
    release = "the release is taken back too" if whole else "the release stays"
    decision = spoke.decision("rollback", "rolled back", f"Rule: exposure of {spoke.wave} is withdrawn; {release}.")
    also = _release_back(picture, spoke.name) if whole else []
    return [decision, *also], list(closing(plan, picture, spoke.stage))


def _release_back(picture: Picture, name: str) -> list[Decision]:
    """The word to the deploy half that the latest run is to be taken back; it finds this rule on its own stage."""
    run = picture.run
    if run is None:
        return []
    stage = Stage(half="deploy", run=run.number, ordinal=-1)
    why = f"Rule: run {run.number} of {run.version} is to be taken back."
    return [Decision(stage=stage, verdict="rollback", state=picture.stage(stage).state, rule=name, why=why)]


def _more(plan: Plan, picture: Picture, spoke: Spoke) -> tuple[Action, ...]:
    """A further session, more support, or a survey out of its time."""
    match spoke.rule.do:
        case "train_more":
            return train_more(plan, picture, spoke.stage)
        case "support_more":
            return support_more(plan, spoke.stage, spoke.name, spoke.rule.text)
        case _:
            assert plan.implement is not None
            names = [asking.survey for asking in plan.implement.ask]
            item = names.index(spoke.rule.survey) if spoke.rule.survey in names else 0
            return ask(plan, picture, spoke.stage, item) if names else ()


def _notice(plan: Plan, spoke: Spoke, title: str, text: str) -> Notify:
    key = rule_key(plan, spoke.stage, spoke.number)
    return Notify(key=key, stage=spoke.stage, title=title, text=text, to=spoke.rule.owner)
