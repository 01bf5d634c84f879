"""Who a source means: its own name for a person, looked up among the people of one audience column.

Ids match as they are; addresses and the like whatever their case. A name that two people share is nobody's.
"""

from collections.abc import Mapping, Sequence

from uptake.core.ids import Pid
from uptake.core.ports import Directory
from uptake.plan.model import Audience


def pids_of(subjects: Sequence[str], directory: Directory, audience: Audience, *, column: str) -> Mapping[str, Pid]:
    """Subject -> person, for those whom exactly one person's column holds.

    Args:
        subjects: as the source calls them.
        directory: who is known.
        audience: names the id's column.
        column: the audience column that the source uses; empty for the id.
    """
    by_id = column in ("", audience.id)
    found: dict[str, Pid] = {}
    shared: set[str] = set()
    for person in directory.people():
        name = person.external_id if by_id else person.attributes.get(column, "").casefold()
        if not name:
            continue
        if name in found:
            shared.add(name)
        found[name] = person.pid
    keys = {subject: subject if by_id else subject.casefold() for subject in subjects}
    return {subject: found[key] for subject, key in keys.items() if key in found and key not in shared}
