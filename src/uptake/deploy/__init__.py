"""Floor 2: the first half, pure: hosts to batches, steps, health gate, verdicts.

The room and its floor are described in ARCHITECTURE.md.
"""
