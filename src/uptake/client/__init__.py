"""Apart from the floors: the in-process OpenFeature provider that applications will import.

It waits for its issue and will need `exposure` only; unmodified OFREP providers serve until then.
"""
