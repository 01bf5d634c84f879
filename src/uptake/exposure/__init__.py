"""Floor 1: who is exposed: the stored draw and the waves that are open in, flag answers out.

`flag` decides for one person, `view` keeps the answers as bytes per cohort, `wire` reads what an
OpenFeature client sends. Pure: the web room follows the ledger and hands in new values.
"""
