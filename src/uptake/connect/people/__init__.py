"""Floor 3: who is in the audience, read from what the organisation already has.

One file per source. Pids are the directory's business, waves the draw's.
"""
