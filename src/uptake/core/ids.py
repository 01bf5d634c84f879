"""The names of things: who is meant, and which act is meant.

Ids are `NewType`s over text, so that a host can never be passed where a person is
expected. An action key is built here alone, because receipts, resumption and "never
twice" all hang on its being the same in every process.
"""

from typing import NewType

PlanId = NewType("PlanId", str)
"""The plan's own name, the value of `plan:` in its file."""
HostName = NewType("HostName", str)
"""A host as the inventory names it."""
Pid = NewType("Pid", str)
"""A person inside Uptake: 32 random hexadecimal digits, meaningless elsewhere."""
ActionKey = NewType("ActionKey", str)
"""plan / half / run / stage / step / ordinal: one act, the same in every process."""
Epoch = NewType("Epoch", int)
"""The lease's fencing number: writes and host commands of an older one are refused."""


def action_key(*parts: str | int) -> ActionKey:
    """Join the parts of an action's key.

    Args:
        parts: plan, half, run, stage, step, ordinal, in that order.

    >>> action_key("helpdesk", "deploy", 2, 0, "configuration", 1)
    'helpdesk/deploy/2/0/configuration/1'
    """
    return ActionKey("/".join(str(part) for part in parts))
