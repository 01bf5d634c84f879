"""Floor 4: the only place that chooses real or made-up parts and reads settings.

`opened` opens a plan with its state, `start` appends the start of a half, `ring` puts real
parts together, `rehearsal` made-up ones. Plain calls; no container, no registry.
"""
