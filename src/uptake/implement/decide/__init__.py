"""What the implement half decides: `waves` opens and judges, `adjust` carries out rules, `access` asks again.

Pure; the entry point is `waves.decide`.
"""
