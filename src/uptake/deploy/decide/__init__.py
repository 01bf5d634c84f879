"""What the deploy half decides: `run` goes forward, `failure` says what follows when a batch fails.

Pure; the entry point is `run.decide`.
"""
