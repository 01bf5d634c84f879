"""Floor 5: the server: pages, flags (OFREP), intake of events, and the loop beside them in one process.

`server` builds and runs it, `auth` stands at its door, `view` follows the ledger for flags, `writer`
makes events durable before they are acknowledged. Pages never act: they read, and later append `Said`.
"""
