"""Floor 3: what is kept: ledger, lease, receipts, inbox, directory, tokens.

The room and its floor are described in ARCHITECTURE.md.
"""
