"""Floor 0, the words: ids, time, stage, event, entry, action, decision, picture, ports, problem.

Every room speaks in these values and nothing here knows a room. Pure: no clock, no chance
but through `chance`, no I/O. On the ring this is what travels between observe, decide and act.
"""
