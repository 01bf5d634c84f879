"""Floor 2: the second half, pure: people to waves, steps, adoption gate, verdicts.

The room and its floor are described in ARCHITECTURE.md.
"""
