"""Floor 3: the real world: one folder per port, one file per tool.

The room and its floor are described in ARCHITECTURE.md.
"""
