"""Keys and words of the whole design that this version does not know yet.

They are refused like any unknown key, because nothing in a plan is silently ignored; but the message
says plainly that it is not a spelling mistake, and what can be done instead today.
"""

LATER_KEYS: dict[tuple[str, str], str] = {
    ("implement", "sustain"): "leave it out: the plan ends when all waves are in use",
    ("adoption", "relapse"): "leave it out",
    ("adoption", "attribute"): "leave it out",
}
"""(the mapping's name, key) -> what to do today."""


def later_section(key: str) -> str:
    """The mapping in which a key of a later version belongs, empty for none: `train` -> `implement`."""
    return next((section for section, name in LATER_KEYS if name == key), "")
