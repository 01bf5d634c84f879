"""Floor 3, the made-up world: the ports again, for rehearsal and tests, on a clock that jumps.

Single-threaded and seeded: the same seed gives the same bytes. What people and hosts do here
is made up and said to be so.
"""
