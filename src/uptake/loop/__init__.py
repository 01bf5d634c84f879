"""Floor 3: the ring: observe, decide, act, replay; it touches ports only.

The room and its floor are described in ARCHITECTURE.md.
"""
