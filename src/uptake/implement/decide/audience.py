"""A personnel export that was refused: no wave opens on it, and a person is asked where she could know better.

A later export that is good ends it by itself. What is refused, and why, is found where the export is read; pure, and
asked for the wave that is next.
"""

from uptake.core.decision import Decision, Evidence
from uptake.core.look import SourceSeen
from uptake.core.picture import Picture
from uptake.core.stage import Stage

NAME = "implement.audience.from"
RULE = "implement.audience.refresh"
MARK = 8
"""So many digits of the contents' digest name the question."""


def refused(picture: Picture) -> SourceSeen | None:
    """The personnel export as of the last look, where it was refused and nobody has let these contents in."""
    for seen in picture.observed.sources:
        if seen.name == NAME and seen.state == "refused" and question_of(seen) not in picture.approved:
            return seen
    return None


def question_of(seen: SourceSeen) -> str:
    """The question whether these very contents may be used; none where they cannot be read at all."""
    return f"audience-{seen.mark[:MARK]}" if seen.mark else ""


def stands_back(stage: Stage, seen: SourceSeen) -> Decision:
    """The next wave does not open."""
    question = question_of(seen)
    why = f"Wave {stage.ordinal + 1} does not open: the personnel export was refused, {seen.detail}"
    why += f"; `uptake approve` {question} lets it in." if question else "; export it again."
    evidence = (Evidence(what="personnel export", seen=seen.detail, wanted="one that can be true", source=NAME),)
    return Decision(
        stage=stage, verdict="hold", state="planned", rule=RULE, why=why, evidence=evidence, question=question
    )


def good_again(picture: Picture, stage: Stage) -> Decision | None:
    """The word that ends an open question about an export that is good now."""
    asked = [noted.decision for noted in picture.questions.values() if noted.decision.rule == RULE]
    if not any(decision.stage == stage for decision in asked):
        return None
    why = "The personnel export was read again and is good."
    return Decision(stage=stage, verdict="adjust", state="planned", rule=RULE, why=why)
