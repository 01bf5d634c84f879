"""Floor 5: the command line: one file per verb.

The room and its floor are described in ARCHITECTURE.md.
"""
