"""Placeholders {person.KEY} and {link} in a plan's texts and templates, filled from a person's columns.

Not a language: no conditions, no other names. What a person's data says is only ever data:
the caller states how it is escaped where it goes.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from uptake.core.ports import Person
from uptake.core.problem import refuse
from uptake.plan.model import Audience

LINK = "\0link"
"""Beside a person's columns: the address of her own page, for {link}."""
_PLACE = re.compile(r"\{(?:person\.([^{}]+)|link)\}")
_MASK_LEAST = 3


def columns(person: Person, audience: Audience) -> dict[str, str]:
    """A person's columns by their names in the audience's file; the external id also stands under `id`."""
    named = {"id": person.external_id, audience.id: person.external_id, **person.attributes}
    if audience.setting:
        named[audience.setting] = person.setting
    return named


def fill(text: str, values: Mapping[str, str], *, escape: Callable[[str], str] = str) -> str:
    """`text` with each {person.KEY} replaced by the escaped value.

    Raises:
        Refused: a KEY that is no column of the audience.
    """

    def value(match: re.Match[str]) -> str:
        key = match[1] or LINK
        if key not in values:
            raise refuse(
                "template.unknown", match[0], "the audience has no such column", f"known: {', '.join(sorted(values))}"
            )
        return escape(values[key])

    return _PLACE.sub(value, text)


def unnamed(lines: Iterable[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """Lines of evidence with a person's own values replaced by their placeholders: no address reaches a ledger."""
    known = sorted(((v, k) for k, v in values.items() if len(v) >= _MASK_LEAST), key=lambda pair: -len(pair[0]))
    if not known:
        return tuple(lines)
    keys = {value.lower(): key for value, key in reversed(known)}
    anyone = re.compile("|".join(re.escape(value) for value, _ in known), re.IGNORECASE)
    return tuple(anyone.sub(lambda found: f"{{person.{keys.get(found[0].lower(), '...')}}}", line) for line in lines)
