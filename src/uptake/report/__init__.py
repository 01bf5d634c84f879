"""Floor 3: values for screens and files, all figures made in one place.

The room and its floor are described in ARCHITECTURE.md.
"""
