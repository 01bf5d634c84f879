"""Floor 3: real access for real people: by command, by HTTP, or as a member list.

One file per tool and the worker that drives them. Who gets access, and when, is decided in the halves.
"""
