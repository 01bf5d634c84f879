"""References to secrets, as a plan writes them: `env:NAME`, `file:PATH`, `keyring:SERVICE/NAME`, `command:WORDS`.

Only a whole value is a reference. What it means is found by those who use it, at the last moment.
"""

REFERENCES = ("env:", "file:", "keyring:", "command:")
"""What a reference begins with."""


def is_reference(text: str) -> bool:
    """Whether a plan's value names a secret instead of being the value."""
    return text.startswith(REFERENCES)
