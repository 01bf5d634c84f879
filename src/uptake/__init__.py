"""Uptake: one plan file, one loop, from deployed through in use to implemented.

The package's rooms and floors are described in ARCHITECTURE.md. Importing this
module imports nothing else, so that `uptake --version` stays quick.
"""

__version__ = "0.1.0"
